import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { LogPosition } from '../pacman/log/log.ts'
import { readState, removeState, writeState } from '../state/store.ts'
import type { Job } from '../systemd/jobs.ts'

/**
 * The start of a run, written by its preflight for its record as the state "mark-upgrade" or
 * "mark-download". On disk and not in /run: after a power cut nothing else shows that the run
 * began. The record removes it. If that fails, the record has the same invocation ID.
 */
export interface RunStart {
  /** systemd gives each start of a unit a new ID; ExecCondition= and ExecStopPost= see the same */
  invocationId: string
  bootId: string
  startedAt: string
  verdict: 'go' | 'skip' | 'act'
  /** one line: why the run does not begin; '' for "go" */
  reason: string
  /** the packages that the upgrade will change, as its preflight worked out */
  plan?: string[]
  /** how many runs in a row were skipped, with this one */
  skips?: number
  /** the end of pacman.log when the run began */
  log: LogPosition
}

/** The start written by the job's last preflight. Throws SentinelError when it cannot be read. */
export function readRunStart(host: Host, job: Job): RunStart | undefined {
  const state = readState(host, `mark-${job}`)
  if (state === undefined || isRunStart(state)) return state
  throw new SentinelError(`the state mark-${job} is not one of this program's`)
}

function isRunStart(state: object): state is RunStart {
  const texts = ['invocationId', 'bootId', 'startedAt', 'verdict', 'reason']
  return (
    texts.every((key) => typeof Reflect.get(state, key) === 'string') &&
    typeof Reflect.get(state, 'log') === 'object'
  )
}

/** Replaces the job's last start. Throws SentinelError when that fails. */
export function writeRunStart(host: Host, job: Job, mark: RunStart): void {
  writeState(host, `mark-${job}`, mark)
}

export function removeRunStart(host: Host, job: Job): void {
  removeState(host, `mark-${job}`)
}
