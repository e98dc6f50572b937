import type { Host } from '../host/host.ts'
import { readState, writeState } from '../state/store.ts'
import { listOf, oneOf, shape, text, type Shaped } from '../text/guard.ts'

const FIELDS = {
  /** of the unit's run; '' for one by hand. See RunStart */
  invocationId: text,
  /** begun: it has not ended, or was killed */
  outcome: oneOf('begun', 'published', 'unchanged', 'failed', 'stopped'),
  /** in one line */
  reason: text,
  /** the hosts for which not all is there, each with why */
  problems: listOf(text),
  /** as in RunRecord; of the packages that were fetched for all hosts */
  distrusted: listOf(text),
  /** the files of the cache that pacman has not accepted */
  refused: listOf(text),
  /** the files of packages that hosts wanted */
  wanted: listOf(text),
} as const

/** How the last publication ended, stored as the state "publication". */
export type PublicationState = Shaped<typeof FIELDS>

const isState = shape(FIELDS)

/** @returns undefined where there is none that can be read: then the next one makes it anew */
export function readPublication(host: Host): PublicationState | undefined {
  try {
    const state: unknown = readState(host, 'publication')
    return isState(state) ? state : undefined
  } catch {
    return undefined
  }
}

/** Throws SentinelError when that fails. */
export function writePublication(host: Host, state: PublicationState): void {
  writeState(host, 'publication', state)
}
