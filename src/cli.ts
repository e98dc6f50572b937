import { Command, Option } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { parseDurationOption } from './cli/duration.ts'
import { addHoldCommands } from './cli/hold.ts'
import { addDoctorCommand } from './cli/doctor.ts'
import { addIgnoreCommands } from './cli/ignore.ts'
import { addRebootCommand } from './cli/reboot.ts'
import { addServiceCommands } from './cli/services.ts'
import { addUnitsCommands } from './cli/units.ts'
import { addUpgradeCommands } from './cli/upgrade.ts'
import { printable } from './text/printable.ts'
import { write } from './output/write.ts'

interface LookOptions {
  json?: true
  explain?: true
  scanner?: 'proc' | 'lsof'
  timeout?: number
  config?: string
  root?: string
}

const CHECK_CODES = `Exit codes, as Kured reads them: 0 a reboot is required; 1 none is, or not now;
2 no reboot, and a person should look.`
const STATUS_CODES = 'Exit codes: 0 whatever the verdict, 2 without one.'

/**
 * The command line: options and help only.
 *
 * @param ended is told which command ran, and its exit code
 */
export function createProgram(ended: (command: string, exitCode: number) => void): Command {
  const program = new Command('kured-sentinel')
    .description('Tells Kured whether this Arch Linux host must reboot, and people why.')
    .version(manifest.version)
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
    .addHelpText('after', example('kured-sentinel status'))

  addLookOptions(program.command('check'), CHECK_CODES, 'kured-sentinel check --explain')
    .description('say whether the host must reboot, by exit code and in one line (what Kured runs)')
    .addOption(new Option('--explain', 'show every finding').conflicts('json'))
    .action(async ({ json, explain, ...options }: LookOptions) => {
      const { check } = await import('./commands/check.ts')
      ended(
        'check',
        await check(await renderer(json, explain), {
          json,
          all: json || explain,
          ...toCheckOptions(options),
        }),
      )
    })

  addLookOptions(program.command('status'), STATUS_CODES, 'kured-sentinel status --json')
    .description('show the verdict and every finding to a person')
    .action(async ({ json, ...options }: LookOptions) => {
      const { status } = await import('./commands/check.ts')
      ended('status', await status(await renderer(json, true), toCheckOptions(options)))
    })

  addHoldCommands(program, ended)
  addRebootCommand(program, ended)
  addIgnoreCommands(program, ended)
  addServiceCommands(program, ended)
  addUnitsCommands(program, ended)
  addUpgradeCommands(program, ended)
  addDoctorCommand(program, ended)
  nameHelp(program, program.name())
  return program
}

/** Whatever is wrong with a command line, the help of that command says what is right. */
function nameHelp(command: Command, path: string): void {
  const what = command.commands.length > 0 ? 'commands and options' : 'use'
  command.showHelpAfterError(`Run ${path} --help for its ${what}.`)
  for (const child of command.commands) nameHelp(child, `${path} ${child.name()}`)
}

function addLookOptions(command: Command, codes: string, line: string): Command {
  return command
    .option('--json', 'print one JSON object')
    .addOption(
      new Option('--scanner <name>', 'how to look at processes; proc unless configured').choices([
        'proc',
        'lsof',
      ]),
    )
    .option(
      '--timeout <duration>',
      'give up after this time, such as 30s or 1min',
      parseDurationOption,
    )
    .option('--config <file>', 'configuration (default: /etc/kured-sentinel.conf)')
    .option('--root <dir>', 'look at the host whose files stand below this directory')
    .addHelpText('after', `\n${codes}\n${example(line)}`)
}

function example(line: string): string {
  return `\nExample:\n  ${line}`
}

function toCheckOptions({ scanner, timeout, config, root }: LookOptions) {
  const overrides = { ...(scanner && { scanner }), ...(timeout !== undefined && { timeout }) }
  return { overrides, configFile: config, root }
}

/** Only the renderer that is asked for is loaded. */
async function renderer(json: boolean | undefined, explain: boolean | undefined) {
  if (json) return (await import('./output/json.ts')).renderJson
  if (explain) return (await import('./output/explain.ts')).renderExplanation
  return (await import('./output/line.ts')).renderLine
}
