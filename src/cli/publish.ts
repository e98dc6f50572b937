import { type Command, Option } from 'commander'
import { example, type OnEnd, parsePathOption } from './options.ts'

interface PublishOptions {
  json?: true
  dryRun?: true
  prepare?: true
  takeOver?: true
  pacmanConf: string
  config?: string
}

/** The options and help of `publish`; see createProgram(). */
export function addPublishCommand(program: Command, ended: OnEnd): void {
  program
    .command('publish')
    .description('on the cache host: fetch what all hosts want, give them the databases, prune')
    .option('--dry-run', 'only say what would be fetched, published and removed')
    .addOption(
      new Option('--prepare', 'make the directory for pacman -Sy, which comes next').conflicts([
        'dryRun',
        'json',
      ]),
    )
    .addOption(
      new Option(
        '--take-over',
        'where another host has published that is no cache host any more: from now on this one does',
      ).conflicts(['dryRun', 'prepare']),
    )
    .option('--json', 'print one JSON object')
    .option('--pacman-conf <file>', 'pacman’s configuration', parsePathOption, '/etc/pacman.conf')
    .option('--config <file>', 'configuration (default: /etc/kured-sentinel.conf)')
    .addHelpText(
      'after',
      `
The databases are those that pacman-cache-update.service has refreshed.

Exit codes: 0 published, or all is there already; 1 not all packages can be had,
and hosts have what they had; 2 it cannot begin.
${example('publish --dry-run')}`,
    )
    .action(async ({ json, dryRun, prepare, takeOver, ...rest }: PublishOptions) => {
      const { runPublish } = await import('../commands/publish.ts')
      const flags = {
        json: json === true,
        dryRun: dryRun === true,
        prepare: prepare === true,
        takeOver: takeOver === true,
      }
      ended('publish', await runPublish({ ...flags, config: undefined, ...rest }))
    })
}
