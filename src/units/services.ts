import { FLEET_DIRECTORY } from '../fleet/share.ts'
import { STAGING } from '../pacman/database/staging.ts'
import { execWord, unitNameOf } from '../systemd/escape.ts'
import type { Job } from '../systemd/jobs.ts'
import { DEFAULTS, type UnitOptions } from './options.ts'
import { because, type UnitLine, unit, type UnitFile } from './unit.ts'

export const DOCUMENTATION = 'Documentation=man:kured-sentinel-units(8)'

export const SENTINEL = '/usr/bin/kured-sentinel'

/** pacman-upgrade.service: must never be interrupted. */
export function upgradeService(options: UnitOptions): UnitFile {
  return unit('pacman-upgrade.service', {
    Unit: [
      'Description=Upgrade packages',
      DOCUMENTATION,
      ...mounts(options),
      ...NETWORK,
      because('Hooks may use D-Bus: it stays until they are done, also during a shutdown.'),
      'After=dbus.service',
      ...NO_START_LIMIT,
    ],
    Service: [
      ...JOB,
      ...preflight('upgrade', options),
      'ExecStart=/usr/bin/pacman -Su --noconfirm --noprogressbar',
      because(
        'Restarts services that run replaced code. "-": the upgrade has succeeded even if a service does not come back. Skipped when the unit is stopped meanwhile.',
      ),
      `ExecStartPost=-${SENTINEL} restart --after-upgrade`,
      because(
        'Records how the run really ended: pacman exits with 0 also when a hook failed or a database is missing. No "-": if there is no record, a person must look, and the failed unit says so. The timer starts the next run all the same.',
      ),
      `ExecStopPost=${SENTINEL} record upgrade`,
      'Restart=no',
      because(
        'A stop, and so a reboot, waits for the transaction and its hooks: SIGTERM would leave half the packages upgraded and a stale lock, SIGINT would skip the hooks; SIGCONT does nothing. mixed: only pacman gets the signal, not its scriptlets. reboot.target forces the reboot after 30 minutes: what is not done by then is lost in any case.',
      ),
      'KillMode=mixed',
      'KillSignal=SIGCONT',
      'TimeoutStopSec=25min',
      because(
        'A transaction that hangs this long does not end by itself. Without a limit nobody would notice: its lock would silently block later upgrades and every reboot.',
      ),
      'TimeoutStartSec=12h',
      because(
        'When the OOM killer ends a program of a hook, pacman continues; with the default, stop, systemd would stop the unit and limit its time.',
      ),
      'OOMPolicy=continue',
      because(
        'No sandbox: RestrictSUIDSGID= would remove the setuid bit of sudo, ProtectSystem= and the like break hooks, and MemoryMax= kills pacman in the middle.',
      ),
    ],
  })
}

/** pacman-cache-update.service: can be stopped and started again at any time. */
export function downloadService(options: UnitOptions): UnitFile {
  return unit('pacman-cache-update.service', {
    Unit: [
      'Description=Download package updates',
      DOCUMENTATION,
      ...mounts(options),
      ...NETWORK,
      ...NO_START_LIMIT,
    ],
    Service: [
      ...JOB,
      ...preflight('download', options),
      because(
        'Databases of its own, with the installed packages by a link and a lock of their own: the shared ones stay as they are until all packages are there.',
      ),
      `ExecStartPre=${SENTINEL} publish --prepare`,
      `ExecStart=/usr/bin/pacman -Sy --noconfirm --noprogressbar --dbpath ${STAGING}`,
      because(
        'Has pacman fetch what each host will want, then gives hosts the new databases, then removes what nobody needs. Not -Syuw: this host is one of them, and one that cannot be upgraded does not stop the others.',
      ),
      `ExecStart=${SENTINEL} publish`,
      because(
        'Records how the run really ended. "-": Restart= must not repeat the download because its record failed.',
      ),
      `ExecStopPost=-${SENTINEL} record download`,
      because(
        'A mirror that is down or in the middle of its own update often works again a little later: four attempts in all, then none until tomorrow. A run that the preflight skips or a person stops is not repeated.',
      ),
      'Restart=on-failure',
      'RestartSec=15min',
      because(
        "Like Ctrl-C: SIGTERM would leave the lock behind. All of pacman's processes get the signal (KillMode=control-group, the default): pacman 7 downloads in a child and waits for it. A partial download stays as .part; the next run continues it and checks the whole file.",
      ),
      'KillSignal=SIGINT',
      because('A download that hangs is stopped in the same way, and repeated.'),
      'TimeoutStartSec=2h',
    ],
  })
}

export const NETWORK: UnitLine[] = [
  'After=network-online.target nss-lookup.target',
  'Wants=network-online.target',
]

/** Of all services: what repeats itself has RestartSec=. */
export const NO_START_LIMIT: UnitLine[] = [
  because(
    'No limit of starts: it would count skipped runs and starts by hand too, and a path unit stops for good when its service meets it.',
  ),
  'StartLimitIntervalSec=0',
]

export const PRIORITY: UnitLine[] = [
  'Type=oneshot',
  'Nice=19',
  because("The node's workload goes first, also in other cgroups, where Nice= has no effect."),
  'CPUWeight=20',
  'IOWeight=20',
]

/** Of the units that run pacman. */
const JOB: UnitLine[] = [
  ...PRIORITY,
  because("A failed hook shows only in pacman's output, and the record reads only English."),
  'Environment=LC_MESSAGES=C',
]

function mounts({ local, syncDir, cacheDir, nfs }: UnitOptions): UnitLine[] {
  if (local) return []
  const paths = [syncDir, cacheDir]
  const fleet = nfs.length === 3 ? [FLEET_DIRECTORY] : []
  const names = [...paths, ...fleet].map((path) => unitNameOf(path, 'mount')).join(' ')
  return [
    because(
      'Both directories are mounted before the start and stay until pacman has ended, also during a shutdown; Wants= mounts an idle automount too. Wants=, not RequiresMountsFor=: with that a mount that fails would be a start that failed and left no trace. No ConditionPathIsMountPoint=: systemd itself would look, and wait for a server that does not answer, with all that it has to do. The preflight looks, with a time limit.',
    ),
    `Wants=${names}`,
    `After=${names}`,
  ]
}

function preflight(job: Job, options: UnitOptions): UnitLine[] {
  const look =
    job === 'upgrade'
      ? 'Do the mounts answer, are the databases complete, are all packages there?'
      : 'Do the mounts answer, and is there free space?'
  return [
    because(
      'systemd takes exit codes 1 to 254 for a skip, also when the program cannot run at all: if Node did not start, nobody would notice, and no upgrade would ever fix it.',
    ),
    `ExecCondition=/usr/bin/sh -c "${SENTINEL} --version >/dev/null || exit 255"`,
    because(`${look} Exit code 1 skips this run, which is not a failure; 255 is a failure.`),
    `ExecCondition=${[SENTINEL, 'preflight', job, ...preflightOptions(options)].join(' ')}`,
  ]
}

/** Without options, preflight uses the paths of pacman.conf. */
function preflightOptions({ local, syncDir, cacheDir }: UnitOptions): string[] {
  if (local) return ['--local']
  return [
    ...(syncDir === DEFAULTS.syncDir ? [] : ['--sync-dir', execWord(syncDir)]),
    ...(cacheDir === DEFAULTS.cacheDir ? [] : ['--cache-dir', execWord(cacheDir)]),
  ]
}
