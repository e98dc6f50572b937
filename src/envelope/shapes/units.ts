import { command } from '../command.ts'
import { flag, listOf, moment, object, oneOf, optional, text } from '../shape.ts'
import { dryRun, RUN } from './parts.ts'

const AUTHORS = ['edited', 'foreign', 'masked', 'linked'] as const

const CHANGES = listOf(
  object({
    name: text(),
    path: text(),
    action: oneOf(['create', 'replace', 'remove']),
    text: optional(text('the new one')),
    diff: text('from the unit in effect'),
    differs: optional(text('what the unit then does otherwise, in words')),
    overwrites: optional(oneOf(AUTHORS, 'who made the unit in effect, if this program did not')),
    saved: optional(text('where a person’s file is kept')),
  }),
)

/** What was chosen earlier, changed by what is named now. */
const CHOICE = {
  options: object({
    role: oneOf(['cache', 'node']),
    cacheCalendar: text(),
    upgradeCalendar: text(),
    spread: text(),
    syncDir: text(),
    cacheDir: text(),
    nfs: listOf(text()),
    automount: flag(),
    local: flag(),
    metrics: optional(text()),
  }),
  remembered: text('of these options, what was not named now'),
  kept: listOf(text(), 'mount units that stay as they are, as no option of a mount was named'),
}

const SURPLUS = listOf(text(), 'units of this program that these options do not need')
const DROP_INS = listOf(text(), 'drop-ins of a person, which change the units as well')
const REFUSED = listOf(text(), 'files that a person wrote or edited: nothing was done')

export const UNITS = {
  'units print': command({
    verdicts: { printed: 'these are the units' },
    fields: {},
    details: { units: listOf(object({ name: text(), text: text() })) },
  }),

  'units install': command({
    verdicts: {
      changed: 'the host was changed; in a dry run it would be',
      unchanged: 'there was nothing to do',
      refused: 'nothing was done: a person wrote or edited files that are in the way',
    },
    fields: {},
    details: {
      dryRun,
      ...CHOICE,
      changes: CHANGES,
      unchanged: listOf(object({ name: text(), path: text() })),
      surplus: SURPLUS,
      removed: listOf(text(), 'files that these options exclude'),
      stopped: listOf(text(), 'units that are stopped for that'),
      saved: listOf(text(), 'where what a person wrote is kept'),
      disabled: listOf(text()),
      enabled: listOf(text()),
      started: listOf(text()),
      idle: listOf(text(), 'timers and mounts that are not enabled'),
      refused: REFUSED,
      dropIns: DROP_INS,
      warnings: listOf(text()),
    },
  }),

  'units remove': command({
    verdicts: {
      removed: 'the host was changed; in a dry run it would be',
      none: 'there was nothing to do',
      refused: 'nothing was done: a person edited files since',
    },
    fields: {},
    details: {
      dryRun,
      disabled: listOf(text()),
      stopped: listOf(text()),
      removed: listOf(text()),
      saved: listOf(text(), 'where what a person edited is kept'),
      refused: REFUSED,
      left: listOf(text(), 'files of a person, which stay'),
    },
  }),

  'units status': command({
    verdicts: { shown: 'this is all', unknown: 'something could not be read' },
    fields: {},
    details: {
      units: listOf(
        object({
          name: text(),
          path: optional(text()),
          author: optional(oneOf(['generated', ...AUTHORS])),
          dropIns: listOf(text()),
          enabled: text('as systemctl is-enabled says it; "" where it does not apply'),
          active: optional(text('as systemctl is-active says it')),
          needsReload: optional(flag()),
          next: optional(moment()),
          last: optional(moment()),
          run: optional(RUN),
          skip: optional(object({ at: moment(), why: text() })),
          problem: optional(text('why this is not all')),
        }),
      ),
    },
  }),

  'units diff': command({
    verdicts: { same: 'the host’s units are those of the options', differs: 'they are not' },
    fields: {},
    details: { ...CHOICE, changes: CHANGES, surplus: SURPLUS, same: flag(), dropIns: DROP_INS },
  }),
}
