import { type Command, Option } from 'commander'
import { example, type OnEnd, parseRootOption } from './options.ts'

interface RequestWords {
  json?: true
  dryRun?: true
  cancel?: true
  reason?: string
  root?: string
}

/** The options and help of `request`; see createProgram(). */
export function addRequestCommand(program: Command, ended: OnEnd): void {
  program
    .command('request')
    .description('ask Kured to drain and reboot the host, once; without options show the request')
    .usage('[--reason <text> | --cancel] [options]')
    .option('--reason <text>', 'what the reboot is for, for other people (a request requires it)')
    .addOption(new Option('--cancel', 'take the request back').conflicts('reason'))
    .option('--dry-run', 'say what it would do, and do nothing')
    .option('--json', 'print one JSON object')
    .option('--root <dir>', 'the host whose files are below this directory', parseRootOption)
    .addHelpText(
      'after',
      `
It is a reason for a reboot like any other: a hold, a running upgrade or
whatever needs a person keeps it back. It lasts until the next boot.
${example('request --reason "a new disk"')}`,
    )
    .action(async ({ json, dryRun, cancel, reason, root }: RequestWords) => {
      const { cancelRequest, request } = await import('../commands/request.ts')
      const options = { json: json === true, dryRun: dryRun === true, root }
      ended('request', cancel ? cancelRequest(options) : request({ ...options, reason }))
    })
}
