import type { Command } from 'commander'
import { type OnEnd, example, parseDurationOption } from './options.ts'

interface RebootWords {
  json?: true
  dryRun?: true
  wait?: number
  yes?: true
  config?: string
}

/** The options and help of `reboot`; see createProgram(). */
export function addRebootCommand(program: Command, ended: OnEnd): void {
  program
    .command('reboot')
    .description(
      'reboot as soon as no upgrade is at work (Kured’s rebootCommand, which it runs after the drain)',
    )
    .option(
      '--wait <duration>',
      'how long to wait for an upgrade; 20min unless configured',
      parseDurationOption,
    )
    .option('--yes', 'by hand: reboot without a question, though nothing asks for a reboot')
    .option('--dry-run', 'say what it would do now, and do nothing')
    .option('--json', 'print one JSON object')
    .option('--config <file>', 'configuration (default: /etc/kured-sentinel.conf)')
    .addHelpText(
      'after',
      `
Exit codes: 0 the host goes down, 1 not now (an upgrade, a hold), 2 no reboot
and a person should look. With 1 and 2 Kured uncordons the node. Never set it as
Kured's sentinel command: that one is kured-sentinel alone.
By hand nothing is drained. Where nothing asks for a reboot either, it asks
first; without a terminal it needs --yes. For a drained one: request.
${example('reboot --dry-run')}`,
    )
    .action(async ({ json, dryRun, wait, yes, config }: RebootWords) => {
      const { rebootHost } = await import('../commands/reboot.ts')
      ended('reboot', await rebootHost({ json, dryRun, wait, yes, configFile: config }))
    })
}
