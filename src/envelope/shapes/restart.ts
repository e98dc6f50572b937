import { command } from '../command.ts'
import { listOf, object, oneOf, optional, text, whole } from '../shape.ts'
import { HOST_FACT } from './check.ts'
import { dryRun, PROCESS } from './parts.ts'

const CLEARS = oneOf(['logout', 'reboot', 'end'], 'what clears the old code instead')
const FACT = { kind: text(), message: text(), remedy: optional(text()), ...HOST_FACT }

export const RESTART = {
  restart: command({
    verdicts: {
      'nothing-to-do': 'no process runs replaced code, or none that was seen',
      planned: 'of a dry run: this would be done',
      done: 'what may be restarted is; some old code may still run',
      failed: 'a unit did not come back',
      unseen: 'not everything could be seen',
    },
    fields: { unit: optional(text()), pid: optional(whole()) },
    details: {
      dryRun,
      failed: listOf(
        object({
          unit: text(),
          why: text(),
          activeState: optional(text()),
          subState: optional(text()),
          result: optional(text()),
          execMainStatus: optional(text()),
        }),
        'units that did not come back',
      ),
      restarted: listOf(
        object({
          unit: text(),
          processes: listOf(PROCESS, 'those that ran old code'),
          with: optional(text('the unit together with which systemd restarted this one')),
          notes: optional(listOf(text(), 'what the restart brings along')),
        }),
        'in a dry run what would be restarted',
      ),
      refused: listOf(
        object({ unit: optional(text()), processes: listOf(PROCESS), why: text(), clears: CLEARS }),
        'what is left alone',
      ),
      gone: listOf(
        object({ pid: whole(), command: text(), unit: optional(text()) }),
        'processes that ended before their turn',
      ),
      stillStale: listOf(object({ ...FACT, clears: CLEARS }), 'old code that still runs'),
      unseen: listOf(object(FACT), 'what could not be read: there may be more'),
    },
  }),
}
