import type { CommandShape } from './command.ts'
import type { CommandOutcome } from './envelope.ts'
import type { ObjectOf } from './shape.ts'
import { CHECK } from './shapes/check.ts'
import { IGNORE } from './shapes/ignore.ts'
import { PEOPLE } from './shapes/people.ts'
import { REBOOT } from './shapes/reboot.ts'
import { RESTART } from './shapes/restart.ts'
import { UNITS } from './shapes/units.ts'
import { UPGRADE } from './shapes/upgrade.ts'

/** Each command with --json: without a line here it has no type to print. */
export const COMMANDS = {
  ...CHECK,
  ...REBOOT,
  ...IGNORE,
  ...RESTART,
  ...UNITS,
  ...UPGRADE,
  ...PEOPLE,
}

export type CommandName = keyof typeof COMMANDS

/** What a command has come to. Its type is made of the command's schema. */
export type Answer<C extends CommandName> =
  (typeof COMMANDS)[C] extends CommandShape<infer V, infer F, infer D>
    ? CommandOutcome<V, ObjectOf<F>, ObjectOf<D>>
    : never
