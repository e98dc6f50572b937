import { readConfig } from '../config/config.ts'
import { systemdInvocation } from '../host/caller.ts'
import { Deadline } from '../host/deadline.ts'
import { syncDisks } from '../host/disks.ts'
import type { Host } from '../host/host.ts'
import { databasePath, logPath, NO_CONF, readPacmanConf } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { areHooksActive } from '../pacman/hooks.ts'
import { noteLeftLock, readLock, readLockState } from '../pacman/lock.ts'
import { describeDeleted, findDeleted } from './deleted.ts'
import { noteRun } from './note-run.ts'
import { type LogLine, readLog, readLogSince } from '../pacman/log/log.ts'
import { changeUnfinished, readUnfinished } from '../pacman/unfinished.ts'
import { readPublication } from './publication.ts'
import { judgeAbandonedRun } from './abandoned-run.ts'
import { judgeOutcome, readServiceEnd, type RunOutcome, wasCutOff } from './run-outcome.ts'
import { keepLastEnd, readRunRecord, type RunRecord, writeRunRecord } from './run-record.ts'
import { readRunStart, removeRunStart, type RunStart, writeRunStart } from './run-start.ts'
import type { Job } from '../systemd/jobs.ts'
import { readRunOutput } from '../systemd/journal.ts'
import { findUnfinished } from './unfinished.ts'

/** Limit for journald, which normally answers at once. */
const JOURNAL_MS = 30_000

/**
 * Judges the run of a job that has just ended, and stores the record. What it calls completed is on
 * the disk.
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
  const conf = unlessBroken(() => readPacmanConf(host, pacmanConf)) ?? NO_CONF
  recordAbandonedRun(host, job, conf, invocationId)
  const begun = unlessBroken(() => readRunStart(host, job))
  const mark = begun?.invocationId === invocationId ? begun : undefined
  const lines = readSince(host, conf, mark)
  const deadline = new Deadline(JOURNAL_MS)
  const output = invocationId && readRunOutput(invocationId, 'pacman', deadline)
  const unfinished = job === 'upgrade' ? knownUnfinished(host, conf) : []
  const last = job === 'download' ? readPublication(host) : undefined
  const end = judgeOutcome({
    job,
    service,
    mark,
    lines,
    output: output || undefined,
    unfinished,
    publication: last?.invocationId === invocationId ? last : undefined,
  })
  const deleted = unlessBroken(() => findDeleted(end.refused ?? [])) ?? []
  end.reason += describeDeleted(deleted)
  const unsynced = job === 'upgrade' && end.ran ? syncDisks(host) : ''
  if (unsynced !== '') end.problems.push(`not everything is on the disk: ${unsynced}`)
  if (job === 'upgrade' && end.ran) noteLock(host, conf)
  const record = keep(host, conf, job, end, mark, {
    endedAt: new Date(host.now()).toISOString(),
    bootId: host.bootId(),
    ...(mark && { startedAt: mark.startedAt }),
    ...(mark?.skips !== undefined && { skips: mark.skips }),
    ...(invocationId !== undefined && { invocationId }),
    ...(deleted.length > 0 && { deleted }),
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
  start: Pick<RunStart, 'verdict' | 'reason' | 'plan' | 'skips'> & { job: Job },
  invocationId: string,
): RunRecord | undefined {
  const conf = unlessBroken(() => readPacmanConf(host, pacmanConf)) ?? NO_CONF
  const { job, ...kept } = start
  const lost = recordAbandonedRun(host, job, conf, invocationId)
  writeRunStart(host, job, {
    invocationId,
    bootId: host.bootId(),
    startedAt: new Date(host.now()).toISOString(),
    ...kept,
    log: readLog(host, logPath(conf)).end,
  })
  return lost
}

/**
 * Judges and records the previous run if it has a start and no record, as after a power cut.
 *
 * @param current invocation ID of the current run
 * @returns the record, if one was made
 */
export function recordAbandonedRun(
  host: Host,
  job: Job,
  conf: PacmanConf,
  current: string | undefined,
): RunRecord | undefined {
  const mark = unlessBroken(() => readRunStart(host, job))
  if (mark === undefined || mark.verdict !== 'go' || mark.invocationId === current) return undefined
  const previous = unlessBroken(() => readRunRecord(host, job))
  if (previous?.invocationId === mark.invocationId) return undefined
  const lines = readSince(host, conf, mark)
  const { bootId, startedAt, invocationId } = mark
  const unfinished = job === 'upgrade' ? knownUnfinished(host, conf) : []
  const end = judgeAbandonedRun(job, lines, bootId === host.bootId(), unfinished)
  // Its end is unknown: the time of its start stands for it.
  const when = { startedAt, endedAt: startedAt, bootId, invocationId, abandoned: true }
  return keep(host, conf, job, end, mark, when)
}

function keep(
  host: Host,
  conf: PacmanConf,
  job: Job,
  end: RunOutcome,
  mark: RunStart | undefined,
  when: Pick<
    RunRecord,
    'startedAt' | 'endedAt' | 'bootId' | 'invocationId' | 'skips' | 'abandoned' | 'deleted'
  >,
): RunRecord {
  const { outcome, reason, problems, changed, ran, distrusted = [] } = end
  const mayLeaveWork = when.abandoned === true || wasCutOff(end) || problems.length > 0
  const record: RunRecord = {
    job,
    outcome,
    reason,
    problems,
    packages: changed.length,
    ...(distrusted.length > 0 && { distrusted }),
    ...(mayLeaveWork && { plan: [...(mark?.plan ?? []), ...changed] }),
    ...when,
  }
  const keepsEarlier = !ran || outcome === 'nothing-to-do'
  const previous = keepsEarlier ? unlessBroken(() => readRunRecord(host, job)) : undefined
  const kept = keepsEarlier ? keepLastEnd(record, previous) : record
  writeRunRecord(host, kept)
  noteRun(host, record, end.changes)
  if (job === 'upgrade') {
    const { blockingHooks } = unlessBroken(() => readConfig(host)) ?? { blockingHooks: [] }
    const names = findUnfinished({ host, conf, end, plan: mark?.plan ?? [], blockingHooks })
    if (names.length > 0) changeUnfinished(host, (before) => [...before, ...names])
    // pacman's last hook may not have come so far: a slow disk, a list that was locked.
    else if (end.allWell === true && problems.length === 0) {
      unlessBroken(() =>
        changeUnfinished(host, (before) => before.filter((name) => !changed.includes(name))),
      )
    }
  }
  return kept
}

/** The run has ended: a lock that is there and that nobody has open was left by its pacman. */
function noteLock(host: Host, conf: PacmanConf): void {
  unlessBroken(() => {
    const lock = readLock(host, databasePath(conf))
    if (lock === undefined) return
    const state = readLockState(host, lock, Infinity, new Deadline(JOURNAL_MS))
    if (state.holder === undefined) noteLeftLock(host, lock)
  })
}

/** The record of a job's last run; undefined without one, and where it cannot be read. */
export function lastRecord(host: Host, job: Job): RunRecord | undefined {
  return unlessBroken(() => readRunRecord(host, job))
}

/** How many runs in a row were skipped. */
export function skipsSoFar(host: Host, job: Job): number {
  return lastRecord(host, job)?.skips ?? 0
}

/** The packages that pacman's hooks list; undefined if the hooks are not active. */
function knownUnfinished(host: Host, conf: PacmanConf): string[] | undefined {
  return areHooksActive(host, conf) ? unlessBroken(() => readUnfinished(host)) : undefined
}

function readSince(host: Host, conf: PacmanConf, mark: RunStart | undefined): LogLine[] {
  try {
    return readLogSince(host, logPath(conf), mark?.log)
  } catch {
    return []
  }
}

/** Undefined on an error: broken state or configuration must not prevent a record. */
function unlessBroken<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
