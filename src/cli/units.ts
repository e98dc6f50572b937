import { type Command, Option } from 'commander'
import type { NamedOptions } from '../units/choice.ts'
import { DEFAULTS, type Role, ROLES } from '../units/options.ts'
import { type OnEnd, example, parseRootOption } from './options.ts'

interface UnitsFlags {
  role?: Role
  cacheCalendar?: string
  upgradeCalendar?: string
  spread?: string
  syncDir?: string
  cacheDir?: string
  /** false: --no-metrics, --no-nfs */
  metrics?: string | false
  nfs?: string[] | false
  automount?: boolean
  local?: boolean
  root?: string
  enable?: boolean
  force?: boolean
  dryRun?: boolean
  json?: true
}

/** The options and help of `units …`; see createProgram(). */
export function addUnitsCommands(program: Command, ended: OnEnd): void {
  const units = program
    .command('units')
    .description('the systemd units that download and install upgrades unattended')
    .addHelpText('after', example('units install --enable'))
  const load = () => import('../commands/units.ts')

  onHost(generator(units.command('print')))
    .description('print the units for this host and these options, and write nothing')
    .addHelpText('after', example('units print --role cache --cache-calendar "Mon..Fri 11:00"'))
    .action(async (words: UnitsFlags) => {
      ended('units print', await (await load()).unitsPrint(toNamed(words), words.root, words.json))
    })

  onHost(generator(units.command('install')))
    .description('write the units that differ from these options to /etc/systemd/system')
    .option('--enable', 'enable and start the timers and mounts; with --root only enable them')
    .option('--force', 'also replace units that a person has written or edited')
    .option('--dry-run', 'show the changes as diffs, and write nothing')
    .addHelpText(
      'after',
      example(String.raw`units install --role node --enable --nfs nas:/srv/sync \
    --nfs nas:/srv/pkg --nfs nas:/srv/fleet`),
    )
    .action(async (words: UnitsFlags) => {
      const { root, enable = false, force = false, dryRun = false } = words
      const request = { named: toNamed(words), root, enable, force, dryRun }
      ended('units install', await (await load()).unitsInstall(request, words.json))
    })

  onHost(units.command('remove'))
    .description('disable the units and delete those that install wrote; drop-ins stay')
    .option('--force', 'also delete units that a person has edited since')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('units remove --dry-run'))
    .action(async ({ root, force = false, dryRun = false, json }: UnitsFlags) => {
      ended('units remove', await (await load()).unitsRemove({ root, force, dryRun }, json))
    })

  onHost(units.command('status'))
    .description('show each unit: its file, its next run, how its last run really ended')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `\nExit codes: 0 shown, 2 something could not be read.\n${example('units status')}`,
    )
    .action(async ({ root, json }: UnitsFlags) => {
      ended('units status', await (await load()).unitsShow(root, json))
    })

  onHost(generator(units.command('diff')))
    .description('show how the host’s units differ from these options')
    .addHelpText(
      'after',
      `\nExit codes: 0 no difference, 1 they differ, 2 could not tell.\n${example('units diff --role cache')}`,
    )
    .action(async (words: UnitsFlags) => {
      ended('units diff', await (await load()).unitsDiff(toNamed(words), words.root, words.json))
    })
}

const REMEMBERED = `
What is not named stays as the host's units have it; on a new host it is the
default. To undo a choice, name the default, or --no-nfs, --no-automount,
--no-local, --no-metrics.`

function generator(command: Command): Command {
  const usually = (key: 'role' | 'cacheCalendar' | 'upgradeCalendar' | 'spread') =>
    `(default: ${DEFAULTS[key]})`
  return command
    .addHelpText('after', REMEMBERED)
    .addOption(
      new Option(
        '--role <role>',
        `cache downloads for all hosts and upgrades; node only upgrades ${usually('role')}`,
      ).choices(ROLES),
    )
    .option('--cache-calendar <event>', `when to download ${usually('cacheCalendar')}`)
    .option('--upgrade-calendar <event>', `when to upgrade ${usually('upgradeCalendar')}`)
    .option(
      '--spread <duration>',
      `spread the hosts’ runs over this time; each host keeps its own delay; 0 for none ${usually('spread')}`,
    )
    .option(
      '--sync-dir <dir>',
      `where the sync databases are mounted (default: ${DEFAULTS.syncDir})`,
    )
    .option('--cache-dir <dir>', `where the packages are mounted (default: ${DEFAULTS.cacheDir})`)
    .option(
      '--nfs <server:/export>',
      'write mount units too: of the sync databases, of the packages and, given a third time, of what the hosts tell each other',
      (value: string, earlier: string[] | false | undefined) => [...(earlier || []), value],
    )
    .option('--no-nfs', 'take those mount units away')
    .option('--automount', 'with --nfs: mount on demand')
    .option('--no-automount', 'mount at boot')
    .option(
      '--local',
      'databases and packages are on the host’s own disk; with --role cache it also downloads them',
    )
    .option('--no-local', 'they are mounted')
    .option(
      '--metrics <dir>',
      'write kured_sentinel.prom there, for node_exporter’s textfile collector',
    )
    .option('--no-metrics', 'write none')
    .option('--json', 'print JSON')
}

function onHost(command: Command): Command {
  return command.option(
    '--root <dir>',
    'the host or image whose files are below this directory',
    parseRootOption,
  )
}

/** Only what was named: the rest stays as it was chosen. */
function toNamed({ nfs, metrics, ...words }: UnitsFlags): NamedOptions {
  const { role, cacheCalendar, upgradeCalendar, spread, syncDir, cacheDir } = words
  const { automount, local } = words
  return {
    ...(role !== undefined && { role }),
    ...(cacheCalendar !== undefined && { cacheCalendar }),
    ...(upgradeCalendar !== undefined && { upgradeCalendar }),
    ...(spread !== undefined && { spread }),
    ...(syncDir !== undefined && { syncDir }),
    ...(cacheDir !== undefined && { cacheDir }),
    ...(nfs !== undefined && { nfs: nfs || [] }),
    ...(automount !== undefined && { automount }),
    ...(local !== undefined && { local }),
    ...(metrics !== undefined && { metrics: metrics === false ? undefined : metrics }),
  }
}
