import type { Config } from '../config/config.ts'
import { errorText, SentinelError } from '../errors.ts'
import { callerName } from '../host/caller.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { logPath, readHostConf } from '../pacman/conf/conf.ts'
import { noteEvent } from '../history/note.ts'
import { readReplaced } from '../pacman/replaced.ts'
import { unreadable, type Finding } from '../sentinel/finding.ts'
import { scanProc } from '../sentinel/scan-proc.ts'
import { collectStaleCode, type StaleCode } from '../sentinel/stale-code.ts'
import { executePlan } from './execute.ts'
import { makePlan, toldOf, type RestartPlan } from './plan.ts'
import {
  MANAGER,
  SYSTEMD,
  type Refused,
  type Restarted,
  type RestartReport,
  type StillStale,
} from './report.ts'
import { isGoingDown, preconditions } from './preconditions.ts'

export interface RestartRequest {
  dryRun: boolean
  /** an upgrade runs this, through its unit or a pacman hook: its transaction must be complete */
  afterUpgrade: boolean
}

/**
 * Restarts the units whose processes run replaced code, unless a restart does harm, and then looks
 * again. Ignores what the sentinel does not count.
 *
 * @throws SentinelError when a precondition fails, or the look fails; nothing was done then
 */
export async function restartStale(
  host: Host,
  config: Config,
  { dryRun, afterUpgrade }: RestartRequest,
): Promise<RestartReport> {
  if (isGoingDown(config.timeout)) {
    throw new SentinelError('nothing was restarted: the host is going down')
  }
  const conf = readHostConf(host)
  const place = { host, config, log: logPath(conf) }
  const precondition = preconditions(place, conf, afterUpgrade)
  const why = precondition()
  if (why !== undefined) throw new SentinelError(`nothing was restarted: ${why}`)
  const { findings, stale } = await look(host, config)
  const plan = makePlan(place, stale)
  if (dryRun) return { ...dryRunReport(plan), unseen: findings.filter(isUnseen).map(plain) }
  const done = await executePlan(place, plan, precondition)
  noteRestart(host, done)
  const left = await look(host, config).then(
    (again) => again.findings,
    (error: unknown) => [unreadable(`the second look failed: ${errorText(error)}`)],
  )
  return {
    dryRun,
    ...done,
    refused: byUnit(done.refused),
    stillStale: byUnit(left.filter(isStale)).map((finding) => explain(finding, done.refused)),
    unseen: left.filter(isUnseen).map(plain),
  }
}

function noteRestart(
  host: Host,
  { restarted, failed }: Pick<RestartReport, 'restarted' | 'failed'>,
) {
  if (restarted.length + failed.length === 0) return
  noteEvent(host, {
    kind: 'restart',
    restarted: restarted.map(({ unit }) => unit),
    failed: failed.map(({ unit, why }) => `${unit}: ${why}`),
    by: callerName(),
  })
}

function look(host: Host, config: Config): Promise<StaleCode> {
  const deadline = new Deadline(config.timeout)
  const replaced = readReplaced(host)
  const sources = { host, config, replaced, scanner: scanProc, deadline, all: false }
  return collectStaleCode(sources)
}

/** A finding without its effect, which only a verdict needs. */
function plain({ effect: _, ...finding }: Finding): Omit<Finding, 'effect'> {
  return finding
}

function isStale({ effect }: Finding): boolean {
  return effect === 'reboot'
}

function isUnseen({ effect }: Finding): boolean {
  return effect === 'attention'
}

function dryRunReport({
  reexec,
  steps,
  refused,
  gone,
}: RestartPlan): Omit<RestartReport, 'unseen'> {
  const restarted = new Map<string, Restarted>()
  if (reexec) restarted.set(MANAGER, { unit: MANAGER, processes: [SYSTEMD] })
  for (const { unit, processes } of steps) {
    restarted.set(unit.name, toldOf(unit, processes))
  }
  for (const { unit, along } of steps) {
    for (const other of along) {
      const known = restarted.get(other.name)
      restarted.set(other.name, { ...toldOf(other), with: unit.name, ...known })
    }
  }
  return {
    dryRun: true,
    failed: [],
    restarted: [...restarted.values()],
    refused: byUnit(refused),
    gone,
    stillStale: [],
  }
}

/** By unit, as the order of PIDs is chance; what is in no unit comes last. */
function byUnit<T extends { unit?: string | undefined }>(list: readonly T[]): T[] {
  const key = ({ unit }: T) => unit ?? '\u{10FFFF}'
  return list.toSorted((a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b))))
}

function explain(finding: Finding, refused: readonly Refused[]): StillStale {
  const refusal = refused.find(({ processes }) => processes.some(({ pid }) => pid === finding.pid))
  return { ...plain(finding), clears: refusal?.clears ?? 'reboot' }
}
