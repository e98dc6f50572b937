import type { Command } from 'commander'
import { example, type OnEnd, parseRootOption } from './options.ts'

interface NotifyWords {
  json?: true
  dryRun?: true
  test?: true
  root?: string
}

/** The options and help of `notify`; see createProgram(). */
export function addNotifyCommand(program: Command, ended: OnEnd): void {
  program
    .command('notify')
    .description('tell the programs in /etc/kured-sentinel/notify.d what waits to be told')
    .option('--test', 'tell them an event that has not happened, to try them')
    .option('--dry-run', 'show what would be told and to whom, and do nothing')
    .option('--json', 'print one JSON object')
    .option('--root <dir>', 'the host whose files are below this directory', parseRootOption)
    .addHelpText(
      'after',
      `
kured-sentinel-notify.path starts it where something waits.
Exit codes: 0 done; 1 with --test: a program failed, was refused, or none is
there; 2 failed.
${example('notify --test')}`,
    )
    .action(async ({ json, dryRun, test, root }: NotifyWords) => {
      const { notify } = await import('../commands/notify.ts')
      const flags = { json: json === true, dryRun: dryRun === true, test: test === true }
      ended('notify', await notify({ ...flags, root }))
    })
}
