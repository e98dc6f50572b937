import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { addCheckCommands } from './check.ts'
import { addClusterCommand } from './cluster.ts'
import { addDemoCommand } from './demo.ts'
import { addDoctorCommand } from './doctor.ts'
import { addFleetCommand } from './fleet.ts'
import { addHealthCommand } from './health.ts'
import { addHistoryCommand } from './history.ts'
import { addHoldCommands } from './hold.ts'
import { addIgnoreCommands } from './ignore.ts'
import { addNotifyCommand } from './notify.ts'
import { addMetricsCommand } from './metrics.ts'
import { example, type OnEnd } from './options.ts'
import { addPublishCommand } from './publish.ts'
import { addRebootCommand } from './reboot.ts'
import { addRepairCommand } from './repair.ts'
import { addRequestCommand } from './request.ts'
import { addRestartCommand } from './restart.ts'
import { addUnitsCommands } from './units.ts'
import { addUpgradeCommands } from './upgrade.ts'
import { SentinelError } from '../errors.ts'
import { isRunByKured } from '../host/caller.ts'
import { write } from '../host/write.ts'
import { printable } from '../text/printable.ts'

/** The command line: options and help only. */
export function createProgram(ended: OnEnd): Command {
  const program = new Command('kured-sentinel')
    .description('Tells Kured whether this Arch Linux host must reboot, and people why.')
    .version(manifest.version)
    .commandsGroup('For you:')
    .helpCommand(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => write(1, text),
      writeErr: (text) => write(2, text.split('\n').map(printable).join('\n')),
    })
    .addHelpText(
      'after',
      '\nExit codes of check: 0 reboot, 1 no reboot, 2 no reboot; a person should look.',
    )
    .addHelpText('after', example('status'))

  addCheckCommands(program, ended)
  addHoldCommands(program, ended)
  addRequestCommand(program, ended)
  addRebootCommand(program, ended)
  addIgnoreCommands(program, ended)
  addRestartCommand(program, ended)
  addRepairCommand(program, ended)
  addUnitsCommands(program, ended)
  addUpgradeCommands(program, ended)
  addPublishCommand(program, ended)
  addDoctorCommand(program, ended)
  addHistoryCommand(program, ended)
  addClusterCommand(program, ended)
  addHealthCommand(program, ended)
  addNotifyCommand(program, ended)
  addFleetCommand(program, ended)
  addMetricsCommand(program, ended)
  addDemoCommand(program, ended)
  for (const command of program.commands) {
    const [group] =
      Object.entries(CALLED_BY).find(([, names]) => names.includes(command.name())) ?? []
    if (group !== undefined) command.helpGroup(group)
  }
  nameHelp(program, program.name())
  return program
}

/** A command with those above it, as "units install"; the program's own name where it is none. */
export function pathOf(command: Command): string {
  const { parent } = command
  if (parent?.parent == null) return command.name()
  return `${pathOf(parent)} ${command.name()}`
}

/** The command that the words name, as far as they do. */
export function commandOf(program: Command, words: readonly string[]): Command {
  const [first, ...rest] = words
  const child = program.commands.find((one) => one.name() === first)
  return child === undefined ? program : commandOf(child, rest)
}

/** Who calls the commands that are not for people, as groups of the help. */
const CALLED_BY: Record<string, string[]> = {
  'For Kured:': ['check', 'reboot'],
  'For systemd:': ['preflight', 'publish', 'record', 'notify'],
}

/** Lets a usage error name the help of the command it was made in. */
function nameHelp(command: Command, path: string): void {
  const what = command.commands.length > 0 ? 'commands and options' : 'use'
  command.showHelpAfterError(`Run ${path} --help for its ${what}.`)
  // Else it inherits the program's, with its heading.
  if (command.parent !== null && command.commands.length > 0) {
    command.helpCommand('help [command]', 'display help for command')
  }
  for (const child of command.commands) nameHelp(child, `${path} ${child.name()}`)
}

/**
 * Kured takes every exit code 0 for "reboot", so help and status must not end with it.
 *
 * @throws SentinelError if Kured runs us
 */
export function refuseKured(): void {
  if (!isRunByKured()) return
  throw new SentinelError(
    'Kured takes exit code 0 for "reboot": set its sentinel command to `kured-sentinel` alone',
  )
}
