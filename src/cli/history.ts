import { type Command, InvalidArgumentError } from 'commander'
import { example, type OnEnd, parseRootOption } from './options.ts'

/** The options and help of `history`; see createProgram(). */
export function addHistoryCommand(program: Command, ended: OnEnd): void {
  program
    .command('history')
    .description('show what has happened on this host: upgrades, reboots and why, boots, holds')
    .option('-n, --lines <count>', 'only the newest events, so many', parseCount)
    .option('--json', 'print one JSON object')
    .option('--root <dir>', 'the host whose files are below this directory', parseRootOption)
    .addHelpText('after', example('history -n 20'))
    .action(async (options: { lines?: number; json?: true; root?: string }) => {
      const { showHistory } = await import('../commands/history.ts')
      const { lines, json, root } = options
      ended('history', showHistory({ lines, json, root }))
    })
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is not a number from 1 on.')
}
