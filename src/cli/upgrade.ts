import { type Command, Option } from 'commander'
import { type Job, UNITS } from '../systemd/jobs.ts'
import { type OnEnd, example, parseDurationOption, parsePathOption } from './options.ts'

interface PreflightFlags {
  json?: true
  explain?: true
  local?: true
  allowDownload?: true
  syncDir?: string
  cacheDir?: string
  pacmanConf: string
  config?: string
  timeout: number
}

/** pacman reads every package of the upgrade, of which a large one has gigabytes. */
const LIMIT_MS = 1_800_000

const PREFLIGHT_CODES = `
Exit codes, as ExecCondition= reads them: 0 go; 1 skip, the next run may go;
255 no run can go until a person acts: a stale lock, ignored packages that stop
every upgrade, an installed package that no repository has and that is in the
way, a configuration that cannot be used, no root rights, a state that cannot be
written; 2 a mistake in this command line, or 255 where systemd runs it.`

/** The options and help of `preflight …` and `record …`; see createProgram(). */
export function addUpgradeCommands(program: Command, ended: OnEnd): void {
  const preflight = program
    .command('preflight')
    .description('say whether an unattended upgrade or download can begin (ExecCondition=)')
    .addHelpText('after', example('preflight upgrade --explain'))
  const record = program
    .command('record')
    .description('record how an unattended upgrade or download ended (ExecStopPost=)')
    .addHelpText(
      'after',
      '\nExample, in a unit:\n  ExecStopPost=/usr/bin/kured-sentinel record upgrade',
    )
  for (const job of ['upgrade', 'download'] as const) {
    addPreflight(preflight, job, ended)
    addRecord(record, job, ended)
  }
}

function addPreflight(preflight: Command, job: Job, ended: OnEnd): void {
  const command = preflight
    .command(job)
    .description(`say whether ${UNITS[job]} can begin; also by hand: it changes nothing`)
    .option('--json', 'print one JSON object')
    .addOption(new Option('--explain', 'show every check').conflicts('json'))
    .option(
      '--local',
      'expect no mounts: the cache is on this host’s own disk (by hand: as its unit has it)',
    )
  if (job === 'upgrade') {
    command.option('--allow-download', 'also go when the cache lacks a package')
  }
  command
    .option(
      '--sync-dir <dir>',
      'sync databases that must be mounted (default: sync below pacman’s DBPath)',
    )
    .option(
      '--cache-dir <dir>',
      'package cache that must be mounted (default: pacman’s first CacheDir)',
    )
    .option('--pacman-conf <file>', 'pacman’s configuration', parsePathOption, '/etc/pacman.conf')
    .option('--config <file>', 'configuration (default: /etc/kured-sentinel.conf)')
    .addOption(
      new Option('--timeout <duration>', 'skip after this time, such as 90s')
        .argParser(parseDurationOption)
        .default(LIMIT_MS, '30min'),
    )
    .addHelpText('after', `${PREFLIGHT_CODES}\n${example(`preflight ${job} --explain`)}`)
    .action(async ({ local, allowDownload, ...options }: PreflightFlags) => {
      const { runPreflight } = await import('../commands/preflight.ts')
      const flags = { local: local === true, allowDownload: allowDownload === true }
      ended(`preflight ${job}`, await runPreflight(job, { ...options, ...flags }))
    })
}

function addRecord(record: Command, job: Job, ended: OnEnd): void {
  record
    .command(job)
    .description(`for ${UNITS[job]} only: judge the run by pacman.log and record it`)
    .option('--json', 'print one JSON object')
    .option('--pacman-conf <file>', 'pacman’s configuration', parsePathOption, '/etc/pacman.conf')
    .addHelpText(
      'after',
      `
Exit codes: 0 recorded, and all is well; 1 recorded, and a person should look:
the unit then fails; 2 not recorded, or not called by systemd.

Example, in the unit:
  ExecStopPost=/usr/bin/kured-sentinel record ${job}`,
    )
    .action(async (options: { json?: true; pacmanConf: string }) => {
      const { runRecord } = await import('../commands/record.ts')
      ended(`record ${job}`, await runRecord(job, options))
    })
}
