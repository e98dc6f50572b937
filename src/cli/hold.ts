import { type Command, InvalidArgumentError, Option } from 'commander'
import { type OnEnd, example, parseDurationOption, parseRootOption } from './options.ts'

interface HoldOptions {
  json?: true
  for?: number
  until?: string
  reason?: string
  root?: string
}

/** The options and help of `hold` and `release`; see createProgram(). */
export function addHoldCommands(program: Command, ended: OnEnd): void {
  common(program.command('hold'), 'hold --for 4h --reason "replacing the disk"')
    .description('keep the host from being rebooted for some time; without options show the hold')
    .usage('[--for|--until <end> --reason <text>] [options]')
    .option(
      '--for <duration>',
      'how long, such as 4h or 2w, at most 30d (a new hold requires this or --until)',
      parseLength,
    )
    .addOption(
      new Option(
        '--until <moment>',
        'its end: 18:00, 2026-12-24 or "2026-12-24 18:00", by local time; with a Z by UTC',
      ).conflicts('for'),
    )
    .option('--reason <text>', 'the reason, for other people (a new hold requires it)')
    .action(async ({ json, for: lengthMs, until, reason, root }: HoldOptions) => {
      const { hold } = await import('../commands/hold.ts')
      ended('hold', hold({ json, lengthMs, until, reason, root }))
    })

  common(program.command('release'), 'release')
    .description('end the hold')
    .action(async ({ json, root }: HoldOptions) => {
      const { release } = await import('../commands/hold.ts')
      ended('release', release({ json, root }))
    })
}

/** A bare number is seconds elsewhere; here who writes 4 means hours, and would be held for four seconds. */
function parseLength(text: string): number {
  if (/^\s*\d+(\.\d+)?\s*$/.test(text)) {
    throw new InvalidArgumentError(`It has no unit: write ${text.trim()}h or ${text.trim()}min.`)
  }
  return parseDurationOption(text)
}

function common(command: Command, words: string): Command {
  return command
    .option('--json', 'print one JSON object')
    .option('--root <dir>', 'the host whose files are below this directory', parseRootOption)
    .addHelpText('after', example(words))
}
