import type { Command } from 'commander'
import { type OnEnd, example } from './options.ts'

interface RepairFlags {
  json?: true
  dryRun?: true
  force?: true
  done?: true
  pacmanConf: string
  config?: string
}

/** The options and help of `repair`; see createProgram(). */
export function addRepairCommand(program: Command, ended: OnEnd): void {
  program
    .command('repair')
    .description('repair what an upgrade left that was cut, as by a power cut')
    .option('--json', 'print one JSON object')
    .option('--dry-run', 'show the commands, and change nothing')
    .option('--force', 'also repair what a pacman left that a person had started')
    .option('--done', 'change nothing, but take a person’s word that all is whole')
    .option('--pacman-conf <file>', 'pacman’s configuration', '/etc/pacman.conf')
    .option('--config <file>', 'configuration (default: /etc/kured-sentinel.conf)')
    .addHelpText(
      'after',
      `
It removes a lock that nobody holds and damaged entries of pacman’s database,
installs the packages of the cut upgrade anew with all their hooks, and verifies
them. Edited configuration files stay. On a whole host it changes nothing.

Exit codes: 0 whole, or repaired; 2 a person must look, or pacman is at work.
${example('repair --dry-run')}`,
    )
    .action(async ({ json, dryRun, force, done, pacmanConf, config }: RepairFlags) => {
      const { runRepair } = await import('../commands/repair.ts')
      const flags = {
        json: json === true,
        dryRun: dryRun === true,
        force: force === true,
        done: done === true,
      }
      ended('repair', await runRepair({ ...flags, pacmanConf, configFile: config }))
    })
}
