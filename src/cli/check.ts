import { type Command, Option } from 'commander'
import { type OnEnd, example, parseDurationOption, parseRootOption } from './options.ts'

interface LookOptions {
  json?: true
  explain?: true
  scanner?: 'proc' | 'lsof'
  timeout?: number
  config?: string
  root?: string
}

const CHECK_CODES = `Exit codes, as Kured reads them: 0 a reboot is required; 1 no reboot,
or not now; 2 no reboot, and a person should look.`
const STATUS_CODES = 'Exit codes: 0 for any verdict, 2 if there is none.'

/** The options and help of `check` and `status`; see createProgram(). */
export function addCheckCommands(program: Command, ended: OnEnd): void {
  addLookOptions(program.command('status'), STATUS_CODES, 'status --json')
    .description('show the verdict and every finding to a person')
    .action(async ({ json, ...options }: LookOptions) => {
      const { status } = await import('../commands/status.ts')
      ended('status', await status({ json, ...toCheckOptions(options) }))
    })

  addLookOptions(program.command('check'), CHECK_CODES, 'check --explain')
    .description('say whether the host must reboot, by exit code and in one line (what Kured runs)')
    .addOption(new Option('--explain', 'show every finding').conflicts('json'))
    .action(async ({ json, explain, ...options }: LookOptions) => {
      const { check } = await import('../commands/check.ts')
      const { checkAnswer } = await import('../commands/check-answer.ts')
      const report = await check(await renderer(explain), {
        json,
        all: json || explain,
        ...toCheckOptions(options),
      })
      ended('check', checkAnswer(report))
    })
}

function addLookOptions(command: Command, codes: string, words: string): Command {
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
    .option(
      '--root <dir>',
      'look at the host whose files are below this directory',
      parseRootOption,
    )
    .addHelpText('after', `\n${codes}\n${example(words)}`)
}

function toCheckOptions({ scanner, timeout, config, root }: LookOptions) {
  const overrides = { ...(scanner && { scanner }), ...(timeout !== undefined && { timeout }) }
  return { overrides, configFile: config, root }
}

/** Loads only the renderer that is needed. */
async function renderer(explain: boolean | undefined) {
  if (explain) return (await import('../commands/check-explain.ts')).renderExplanation
  return (await import('../commands/check-line.ts')).renderLine
}
