import { command } from '../command.ts'
import { flag, moment, object, oneOf, optional, orNull, text, whole } from '../shape.ts'
import { dryRun } from './parts.ts'

const HOLD = object({ reason: text(), leftMs: whole(), until: moment() })
const REQUEST = object({ reason: text(), by: text(), at: moment() })

export const REBOOT = {
  hold: command({
    verdicts: { held: 'no reboot for the time of the hold', none: 'there is no hold' },
    fields: {},
    details: { hold: orNull(HOLD) },
  }),

  release: command({
    verdicts: { released: 'the hold was ended', none: 'there was none' },
    fields: {},
    details: { released: flag() },
  }),

  request: command({
    verdicts: {
      requested: 'a reboot is asked for; in a dry run it would be',
      cancelled: 'the request was taken back; in a dry run it would be',
      none: 'there is no request',
    },
    fields: {},
    details: {
      request: orNull(REQUEST),
      changed: flag('whether this command changed it, or in a dry run would'),
      dryRun,
    },
  }),

  reboot: command({
    verdicts: {
      go: 'the host goes down; in a dry run it would',
      wait: 'only of a dry run: it would wait',
      'not-now': 'no reboot, for a reason that passes',
      attention: 'no reboot, and a person should look',
    },
    fields: {},
    details: {
      answer: oneOf(['go', 'wait', 'not-now', 'attention']),
      reason: text('why not'),
      dryRun,
      waitedMs: whole(),
      warning: optional(text('what a person would be asked first')),
    },
  }),
}
