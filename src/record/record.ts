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

/** journald answers at once, or it is not well. */
const JOURNAL_MS = 30_000

/**
 * Judges the run that systemd has just ended, and keeps that for the job.
 *
 * @param pacmanConf a path of the host, for where the log is
 * @param env, pid our own
 * @throws SentinelError when it is not systemd that runs us, or the record cannot be written
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
  // A later run whose preflight leaves none would take this one for lost. If it cannot be removed,
  // the record with the same invocation tells, as long as it is the last.
  unlessBroken(() => removeRunStart(host, job))
  return record
}

/**
 * Leaves what the record of this run needs to know, and closes the run before where that was lost.
 *
 * @param invocationId of the run that begins
 * @returns the record of a run that was lost, if there was one
 * @throws SentinelError where the state cannot be written; the run must then not begin
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
 * Judges and keeps the run before, if nobody did: a power cut leaves its mark without a record.
 *
 * @param current the run that is going on
 * @returns that record, if there was one to make
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
  // When it ended is not known; that it had begun is.
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

/** Where pacman.log is; its usual place where pacman.conf does not tell. */
function logPathOf(host: Host, pacmanConf: string): string {
  return logPath(unlessBroken(() => readPacmanConf(host, pacmanConf)) ?? NO_CONF)
}

/** A state or configuration that is broken must not keep a run from being recorded. */
function unlessBroken<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
