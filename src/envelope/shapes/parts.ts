import { flag, listOf, moment, object, oneOf, optional, text, whole } from '../shape.ts'

/** In place of a fact that could not be had. */
export const unknownFact = object({ unknown: text('why it is not known') })

export const dryRun = flag('whether nothing was done')

const RUN_END = {
  job: oneOf(['upgrade', 'download']),
  outcome: oneOf(['completed', 'nothing-to-do', 'skipped', 'interrupted', 'failed']),
  reason: text('why it was skipped, or what failed'),
  problems: listOf(text(), 'failed hooks and scriptlets, in pacman’s words'),
  deleted: optional(
    listOf(text(), 'files that pacman deleted from the cache, as it did not accept them'),
  ),
  distrusted: optional(listOf(text(), 'what pacman said of signatures that it does not trust')),
  packages: whole('how many were installed, upgraded or removed'),
  abandoned: optional(flag('whether nobody saw its end')),
  plan: optional(
    listOf(text(), 'of a run that may have left work: the packages that it was to change'),
  ),
  repaired: optional(flag('whether what it left was repaired since')),
  skips: optional(whole('how many runs in a row were skipped, with this one')),
  startedAt: optional(moment()),
  endedAt: moment(),
  bootId: text(),
  invocationId: optional(text('systemd’s, of the run')),
}

/** The record of a job's run. */
export const RUN_FIELDS = {
  ...RUN_END,
  lastEnd: optional(object(RUN_END, 'the last run that had something to do, if this one had not')),
}

export const RUN = object(RUN_FIELDS)

/** A process, as it is named to a person. */
export const PROCESS = object({ pid: whole(), command: text() })
