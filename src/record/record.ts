import { systemdInvocation } from '../host/caller.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { logPath, NO_CONF, readPacmanConf } from '../pacman/conf/conf.ts'
import { type LogLine, readLog, readLogSince } from '../pacman/log/log.ts'
import { judgeAbandonedRun, judgeOutcome, readServiceEnd, type RunOutcome } from './run-outcome.ts'
import { keepLastEnd, readRunRecord, type RunRecord, writeRunRecord } from './run-record.ts'
import { readRunStart, removeRunStart, type RunStart, writeRunStart } from './run-start.ts'
import type { Job } from '../systemd/jobs.ts'
import { readRunOutput } from '../systemd/journal.ts'

/** Limit for journald, which normally answers at once. */
const JOURNAL_MS = 30_000

/**
 * Judges the run of a job that has just ended, and stores the record.
 *
 * @param pacmanConf a path of the host; it says where pacman.log is
 * @param env, pid of this process
 * @throws SentinelError when systemd did not start this process, or the record cannot be written
 */
export function recordRun(
  host: Host,
  job: Job,
  pacmanConf: string,
  { env, pid }: Pick<NodeJS.Process, 'env' | 'pid'>,
): RunRecord {
  const service = readServiceEnd(env)
  const invocationId = systemdInvocation({ env, pid })
  recordAbandonedRun(host, job, pacmanConf, invocationId)
  const last = unlessBroken(() => readRunStart(host, job))
  const mark = last?.invocationId === invocationId ? last : undefined
  const lines = readSince(host, pacmanConf, mark)
  const deadline = new Deadline(JOURNAL_MS)
  const output = invocationId && readRunOutput(invocationId, 'pacman', deadline)
  const end = judgeOutcome({ job, service, mark, lines, output: output || undefined })
  const record = keep(host, job, end, {
    endedAt: new Date(host.now()).toISOString(),
    bootId: host.bootId(),
    ...(mark && { startedAt: mark.startedAt }),
    ...(invocationId !== undefined && { invocationId }),
  })
  // If it stayed, a later run whose preflight writes none would take this run for abandoned. If it
  // cannot be removed, the last record with the same invocation ID shows that this run is recorded.
  unlessBroken(() => removeRunStart(host, job))
  return record
}

/**
 * Writes the start of a run, for its record; first records the previous run if it was abandoned.
 *
 * @param invocationId of the run that begins
 * @returns the record of the abandoned run, if there was one
 * @throws SentinelError when the state cannot be written; the run must then not begin
 */
export function recordStart(
  host: Host,
  pacmanConf: string,
  { job, verdict, reason }: Pick<RunStart, 'verdict' | 'reason'> & { job: Job },
  invocationId: string,
): RunRecord | undefined {
  const lost = recordAbandonedRun(host, job, pacmanConf, invocationId)
  writeRunStart(host, job, {
    invocationId,
    bootId: host.bootId(),
    startedAt: new Date(host.now()).toISOString(),
    verdict,
    reason,
    log: readLog(host, logPathOf(host, pacmanConf)).end,
  })
  return lost
}

/**
 * Judges and records the previous run if it has a start and no record, as after a power cut.
 *
 * @param current invocation ID of the current run
 * @returns the record, if one was made
 */
function recordAbandonedRun(
  host: Host,
  job: Job,
  pacmanConf: string,
  current: string | undefined,
): RunRecord | undefined {
  const mark = unlessBroken(() => readRunStart(host, job))
  if (mark === undefined || mark.verdict !== 'go' || mark.invocationId === current) return undefined
  const previous = unlessBroken(() => readRunRecord(host, job))
  if (previous?.invocationId === mark.invocationId) return undefined
  const lines = readSince(host, pacmanConf, mark)
  const { bootId, startedAt, invocationId } = mark
  const end = judgeAbandonedRun(job, lines, bootId === host.bootId())
  // Its end is unknown: the time of its start stands for it.
  return keep(host, job, end, { startedAt, endedAt: startedAt, bootId, invocationId })
}

function keep(
  host: Host,
  job: Job,
  { ran, ...end }: RunOutcome,
  when: Pick<RunRecord, 'startedAt' | 'endedAt' | 'bootId' | 'invocationId'>,
): RunRecord {
  const record: RunRecord = { job, ...end, ...when }
  const keepsEarlier = !ran || end.outcome === 'nothing-to-do'
  const previous = keepsEarlier ? unlessBroken(() => readRunRecord(host, job)) : undefined
  const kept = keepsEarlier ? keepLastEnd(record, previous) : record
  writeRunRecord(host, kept)
  return kept
}

function readSince(host: Host, pacmanConf: string, mark: RunStart | undefined): LogLine[] {
  try {
    return readLogSince(host, logPathOf(host, pacmanConf), mark?.log)
  } catch {
    return []
  }
}

/** Path of pacman.log; the default path when pacman.conf cannot be read. */
function logPathOf(host: Host, pacmanConf: string): string {
  return logPath(unlessBroken(() => readPacmanConf(host, pacmanConf)) ?? NO_CONF)
}

/** Undefined on an error: broken state or configuration must not prevent a record. */
function unlessBroken<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
