import { command } from '../command.ts'
import { flag, listOf, moment, object, oneOf, optional, text, whole } from '../shape.ts'
import { dryRun } from './parts.ts'

const KEY = oneOf(['IgnorePkg', 'IgnoreGroup'])
const WARNINGS = listOf(text(), 'what pacman warns of, and names that match nothing')

const CHANGE = {
  key: KEY,
  dryRun,
  files: listOf(
    object({ file: text(), names: listOf(text()), diff: text() }),
    'the files that were changed, or in a dry run would be',
  ),
  unchanged: listOf(text(), 'names for which there was nothing to do'),
  warnings: WARNINGS,
}

const CHANGED = {
  changed: 'the configuration was changed; in a dry run it would be',
  unchanged: 'there was nothing to do',
}

export const IGNORE = {
  'ignore list': command({
    verdicts: { ignored: 'there are entries', none: 'there are none' },
    fields: {},
    details: {
      key: KEY,
      entries: listOf(
        object({
          name: text(),
          file: text(),
          line: whole(),
          packages: listOf(
            object({
              name: text(),
              installed: optional(text('its version')),
              available: optional(text('its version')),
            }),
          ),
          warnings: listOf(text()),
        }),
      ),
      warnings: WARNINGS,
      versions: listOf(
        object({ package: text(), fits: optional(flag()), message: text() }),
        'what the apiserver’s version means for an ignored package',
      ),
    },
  }),

  'ignore add': command({ verdicts: CHANGED, fields: {}, details: CHANGE }),
  'ignore remove': command({ verdicts: CHANGED, fields: {}, details: CHANGE }),

  'ignore check': command({
    verdicts: {
      fine: 'no ignored package stops the next upgrade',
      blocked: 'ignored packages stop it',
      unknown: 'it fails even with nothing ignored',
    },
    fields: {},
    details: {
      blockers: listOf(
        object({
          package: text('the ignored one'),
          installed: optional(text()),
          available: text(),
          kind: oneOf(['needed', 'needs', 'conflict']),
          dependency: text(),
          by: text('the other side'),
        }),
      ),
      waiting: listOf(
        object({
          name: text(),
          installed: optional(text()),
          available: text(),
          replacement: optional(text()),
        }),
        'ignored packages that have a newer version',
      ),
      errors: listOf(text(), 'pacman’s, when it gave up'),
      obstacles: listOf(
        object({
          kind: oneOf(['missing', 'breaks', 'conflict']),
          package: text(),
          needs: text(),
          by: optional(text()),
        }),
        'what was in its way, with nothing ignored',
      ),
      warnings: WARNINGS,
      databasesFrom: optional(moment('when the newest sync database was made')),
    },
  }),
}
