import type { Config } from '../config/config.ts'
import { errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readLoadedUnits } from '../systemd/loaded-units.ts'
import { type Baseline, readBaseline } from './baseline.ts'
import { judgeMounts } from './mounts.ts'
import { askNodeReady } from './node-ready.ts'
import { runHealthPrograms } from './programs.ts'
import { judgeUnits, type UnitsJudgement } from './units.ts'

const SYSTEMD_MS = 30_000

/** One look at whether the node is well. */
export interface HealthLook extends UnitsJudgement {
  /** what could not be seen, and does not count */
  unknown: string[]
}

/**
 * Looks once. What cannot be looked at is not well, except the cluster's own word.
 *
 * @param earlier restarts at the last look
 */
export async function lookAtHealth(
  host: Host,
  config: Config,
  earlier: UnitsJudgement['restarts'],
): Promise<HealthLook> {
  const reasons: string[] = []
  const unknown: string[] = []
  let { restarts } = { restarts: earlier }
  const collect = async (what: string, look: () => string[] | Promise<string[]>) => {
    try {
      reasons.push(...(await look()))
    } catch (error) {
      reasons.push(`${what}: ${errorText(error)}`)
    }
  }
  let before: Baseline | undefined
  await collect('the units before the reboot', () => {
    before = baselineOf(host)
    return []
  })
  await collect('units', () => {
    const judged = judgeUnits(readLoadedUnits(SYSTEMD_MS), before, config, earlier)
    restarts = judged.restarts
    return judged.reasons
  })
  await collect('mounts', () => judgeMounts(host))
  await collect('programs', () => runHealthPrograms(host, config.healthCheckTimeout))
  const ready = await askNodeReady(host)
  if (ready?.state === 'not-ready') reasons.push(`the node is not ready: ${ready.why}`)
  if (ready?.state === 'unknown') unknown.push(`whether the node is ready: ${ready.why}`)
  return { reasons, unknown, restarts }
}

/** A gate of this boot has not led to a reboot yet: nothing to compare with. */
function baselineOf(host: Host): Baseline | undefined {
  const before = readBaseline(host)
  return before?.bootId === host.bootId() ? undefined : before
}
