import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readState, writeState } from '../state/store.ts'
import type { Job } from '../systemd/jobs.ts'

/** How a job ended. pacman's exit code does not tell: a failed hook, and a missing database, are 0. */
export type Outcome = 'completed' | 'nothing-to-do' | 'skipped' | 'interrupted' | 'failed'

/** How a run of a job ended. */
interface RunEnd {
  job: Job
  outcome: Outcome
  /** in one line, for a person: why it was skipped, what failed */
  reason: string
  /** hooks and scriptlets that failed, in pacman's words; the transaction goes on without them */
  problems: string[]
  /** how many packages were installed, upgraded, or removed; for a download, fetched is not known */
  packages: number
  /** by the host's clock, ISO 8601 */
  startedAt?: string
  endedAt: string
  bootId: string
  /** systemd's name of the run; see Mark */
  invocationId?: string
}

/** What `record` keeps of a job's last run, as the state "run-upgrade" or "run-download". */
export interface RunRecord extends RunEnd {
  /**
   * The last run in which pacman had something to do, where this one was none: it was skipped, or
   * stopped by its preflight, or there was nothing to do.
   */
  lastEnd?: RunEnd
}

/**
 * The last run of a job; undefined where there was none.
 *
 * @throws SentinelError where the state cannot be read
 */
export function readRunRecord(host: Host, job: Job): RunRecord | undefined {
  const state = readState(host, `run-${job}`)
  if (state === undefined || isRunRecord(state)) return state
  throw new SentinelError(`the state run-${job} is not one of this program`)
}

function isRunRecord(state: object): state is RunRecord {
  const texts = ['job', 'outcome', 'reason', 'endedAt', 'bootId']
  return (
    texts.every((key) => typeof Reflect.get(state, key) === 'string') &&
    Array.isArray(Reflect.get(state, 'problems')) &&
    typeof Reflect.get(state, 'packages') === 'number'
  )
}

/** Keeps a run, all at once. Throws SentinelError where that fails; the old record then stays. */
export function writeRunRecord(host: Host, record: RunRecord): void {
  writeState(host, `run-${record.job}`, record)
}

/** The record of a run in which pacman did nothing, with the last one in which it did. */
export function keepLastEnd(record: RunEnd, previous: RunRecord | undefined): RunRecord {
  if (previous === undefined) return record
  const { lastEnd, ...last } = previous
  if (lastEnd !== undefined) return { ...record, lastEnd }
  return hadWork(last) ? { ...record, lastEnd: last } : record
}

function hadWork({ outcome }: RunEnd): boolean {
  return outcome !== 'skipped' && outcome !== 'nothing-to-do'
}
