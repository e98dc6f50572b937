import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { logPath } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { type LogPosition, readLog, readLogSince } from '../pacman/log/log.ts'
import { parsePacmanOutput } from '../pacman/log/pacman-output.ts'
import { readRuns } from '../pacman/log/transaction.ts'
import { findUnfinished } from '../record/unfinished.ts'
import { readLastInvocation, readRunOutput } from '../systemd/journal.ts'

/** Where pacman's log and the journal of a repair's unit begin. */
export interface TransactionStart {
  unit: string
  log: LogPosition
  invocation: string | undefined
}

/** Before a repair's transaction. @param unit its unit, ending with .service */
export function noteStart(
  host: Host,
  conf: PacmanConf,
  unit: string,
  deadline: Deadline,
): TransactionStart {
  const invocation = readLastInvocation(unit, 'pacman', deadline)
  return { unit, log: readLog(host, logPath(conf)).end, invocation }
}

/** What the hooks and scriptlets of a repair's transaction have left undone. */
export interface HookFailures {
  /** the packages without their boot files */
  names: string[]
  problems: string[]
}

/**
 * pacman ends with 0 also after a failed hook, and its last hook takes the packages off the list. So
 * the output is read, as after an upgrade; without it, nobody knows.
 */
export function findHookFailures(
  host: Host,
  conf: PacmanConf,
  start: TransactionStart,
  packages: string[],
  blockingHooks: readonly string[],
  deadline: Deadline,
): HookFailures {
  const invocation = readLastInvocation(start.unit, 'pacman', deadline)
  const output =
    invocation === undefined || invocation === start.invocation
      ? undefined
      : readRunOutput(invocation, 'pacman', deadline)
  const run = readRuns(readLogSince(host, logPath(conf), start.log)).findLast(
    ({ transaction }) => transaction !== undefined,
  )
  const said = parsePacmanOutput(output ?? [], run?.hooks ?? [])
  if (!said.understood) {
    const problem = 'nobody knows whether its hooks failed: the journal has no output of pacman'
    return { names: packages, problems: [problem] }
  }
  const changed = [...new Set([...packages, ...(run?.transaction?.packages ?? [])])]
  const end = { outcome: 'completed' as const, changed, failures: said.failures }
  const names = findUnfinished({ host, conf, end, plan: packages, blockingHooks })
  return { names, problems: names.length === 0 ? [] : said.failed }
}
