import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { LogPosition } from '../pacman/log/log.ts'
import { readState, removeState, writeState } from '../state/store.ts'
import type { Job } from '../systemd/jobs.ts'

/**
 * What a preflight leaves for the record of its run, as the state "mark-upgrade" or
 * "mark-download". On disk and not in /run: after a power cut it is all that tells of the run. The
 * record takes it away; between the two, a record with the same invocation says that the run is over.
 */
export interface RunStart {
  /** systemd gives one to each start of a unit: ExecCondition= and ExecStopPost= see the same */
  invocationId: string
  bootId: string
  startedAt: string
  verdict: 'go' | 'skip' | 'act'
  /** why not, in one line */
  reason: string
  /** where the run begins in pacman.log */
  log: LogPosition
}

/** The mark of the job's last preflight. Throws SentinelError where it cannot be read. */
export function readRunStart(host: Host, job: Job): RunStart | undefined {
  const state = readState(host, `mark-${job}`)
  if (state === undefined || isRunStart(state)) return state
  throw new SentinelError(`the state mark-${job} is not one of this program`)
}

function isRunStart(state: object): state is RunStart {
  const texts = ['invocationId', 'bootId', 'startedAt', 'verdict', 'reason']
  return (
    texts.every((key) => typeof Reflect.get(state, key) === 'string') &&
    typeof Reflect.get(state, 'log') === 'object'
  )
}

/** Replaces the job's last mark. Throws SentinelError where that fails. */
export function writeRunStart(host: Host, job: Job, mark: RunStart): void {
  writeState(host, `mark-${job}`, mark)
}

export function removeRunStart(host: Host, job: Job): void {
  removeState(host, `mark-${job}`)
}
