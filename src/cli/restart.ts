import type { Command } from 'commander'
import { type OnEnd, example } from './options.ts'

interface RestartWords {
  json?: true
  dryRun?: true
  afterUpgrade?: true
  config?: string
}

/** The options and help of `restart`; see createProgram(). */
export function addRestartCommand(program: Command, ended: OnEnd): void {
  program
    .command('restart')
    .description('restart the services that run replaced code, where that does no harm')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--after-upgrade', 'run by an upgrade: act only when it has completed, and exit 0')
    .option('--json', 'print one JSON object')
    .option('--config <file>', 'configuration (default: /etc/kured-sentinel.conf)')
    .addHelpText(
      'after',
      `
Exit codes: 0 done, even if some old code still runs; 2 a unit did not come
back, not everything could be seen, or nothing was done because pacman is at
work.
${example('restart --dry-run')}`,
    )
    .action(async ({ json, dryRun, afterUpgrade, config }: RestartWords) => {
      const { restart } = await import('../commands/restart.ts')
      const options = {
        json: json === true,
        dryRun: dryRun === true,
        afterUpgrade: afterUpgrade === true,
        configFile: config,
      }
      ended('restart', await restart(options))
    })
}
