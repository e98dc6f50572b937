import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readState, writeState } from '../state/store.ts'
import type { Job } from '../systemd/jobs.ts'

/** How a run ended. pacman's exit code is not enough: it is 0 also after a failed hook. */
export type Outcome = 'completed' | 'nothing-to-do' | 'skipped' | 'interrupted' | 'failed'

/** The end of a run of a job. */
interface RunEnd {
  job: Job
  outcome: Outcome
  /** one line for people: why it was skipped, or what failed */
  reason: string
  /** failed hooks and scriptlets, in pacman's words; the transaction continues without them */
  problems: string[]
  /** the files that pacman deleted from the cache, as it did not accept them; without their .sig */
  deleted?: string[]
  /** what pacman said of signatures that it does not trust with the keyring that is there */
  distrusted?: string[]
  /** number of packages installed, upgraded or removed; 0 for a download */
  packages: number
  /** whether nobody saw its end: the host went down, or the record was killed */
  abandoned?: boolean
  /** of a run that may have left work, as it failed or was cut: the packages that it was to change */
  plan?: string[]
  /** whether what it left was repaired since */
  repaired?: boolean
  /** how many runs in a row were skipped, with this one */
  skips?: number
  /** by the host's clock, ISO 8601 */
  startedAt?: string
  endedAt: string
  bootId: string
  /** see RunStart */
  invocationId?: string
}

/** The record of a job's last run, stored as the state "run-upgrade" or "run-download". */
export interface RunRecord extends RunEnd {
  /**
   * The last run in which pacman had something to do, if this run did nothing: it was skipped, its
   * preflight failed, or there was nothing to do.
   */
  lastEnd?: RunEnd
}

/**
 * The last run of a job; undefined when there was none.
 *
 * @throws SentinelError when the state cannot be read
 */
export function readRunRecord(host: Host, job: Job): RunRecord | undefined {
  const state = readState(host, `run-${job}`)
  if (state === undefined || isRunRecord(state)) return state
  throw new SentinelError(`the state run-${job} is not one of this program's`)
}

function isRunRecord(state: object): state is RunRecord {
  const texts = ['job', 'outcome', 'reason', 'endedAt', 'bootId']
  return (
    texts.every((key) => typeof Reflect.get(state, key) === 'string') &&
    Array.isArray(Reflect.get(state, 'problems')) &&
    typeof Reflect.get(state, 'packages') === 'number'
  )
}

/** Stores a record. Throws SentinelError when that fails; the old record then stays. */
export function writeRunRecord(host: Host, record: RunRecord): void {
  writeState(host, `run-${record.job}`, record)
}

/** Notes that what the last run left is repaired. Throws SentinelError when that fails. */
export function noteRepaired(host: Host, job: Job): void {
  const record = readRunRecord(host, job)
  if (record === undefined) return
  const { lastEnd } = record
  writeRunRecord(host, {
    ...record,
    repaired: true,
    ...(lastEnd !== undefined && { lastEnd: { ...lastEnd, repaired: true } }),
  })
}

/** Adds the last run that did something to the record of a run that did nothing. */
export function keepLastEnd(record: RunEnd, previous: RunRecord | undefined): RunRecord {
  if (previous === undefined) return record
  const { lastEnd, ...last } = previous
  if (lastEnd !== undefined) return { ...record, lastEnd }
  return hadWork(last) ? { ...record, lastEnd: last } : record
}

function hadWork({ outcome }: RunEnd): boolean {
  return outcome !== 'skipped' && outcome !== 'nothing-to-do'
}
