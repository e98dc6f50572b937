import type { Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { logPath, readHostConf } from '../pacman/conf/conf.ts'
import { makePlan, type RestartPlan } from '../restart/plan.ts'
import type { CheckReport } from '../sentinel/check.ts'
import type { Finding } from '../sentinel/finding.ts'

/** What a person types, or waits for. */
const RESTART = 'kured-sentinel restart'
const REBOOT = 'only a reboot'
const CLEARED = { logout: 'a logout, or a reboot', end: 'its end, or a reboot', reboot: REBOOT }

/**
 * The report with what clears each reason for a reboot. For code that runs although it was replaced
 * systemd is asked, as `restart` does.
 *
 * @throws SentinelError when systemd does not answer
 */
export function withRestarts(host: Host, config: Config, report: CheckReport): CheckReport {
  const { stale } = report
  if (stale.length === 0) return withRemedies(report, undefined)
  const log = logPath(readHostConf(host))
  return withRemedies(report, makePlan({ host, config, log }, stale))
}

/** @param plan of restarts; undefined where it is not known */
export function withRemedies(
  report: CheckReport,
  plan: Pick<RestartPlan, 'reexec' | 'steps' | 'refused'> | undefined,
): CheckReport {
  const add = (finding: Finding): Finding => {
    const remedy = finding.remedy ?? remedyOf(finding, plan)
    return remedy === undefined ? finding : { ...finding, remedy }
  }
  return { ...report, reasons: report.reasons.map(add), ignored: report.ignored.map(add) }
}

function remedyOf(
  { kind, effect, pid, byPacman }: Finding,
  plan: Pick<RestartPlan, 'reexec' | 'steps' | 'refused'> | undefined,
): string | undefined {
  if (effect !== 'reboot') return undefined
  if (kind !== 'library' && kind !== 'executable') return REBOOT
  // `restart` leaves alone what pacman did not replace.
  if (byPacman !== true) return 'its restart, or a reboot'
  if (plan === undefined) return undefined
  const isIn = (processes: readonly { pid: number }[]) => processes.some((one) => one.pid === pid)
  if (pid === 1 && plan.reexec) return RESTART
  if (plan.steps.some(({ processes }) => isIn(processes))) return RESTART
  const refusal = plan.refused.find(({ processes }) => isIn(processes))
  return refusal && CLEARED[refusal.clears]
}
