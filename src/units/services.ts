import { execWord, listWord, specifierFree } from '../systemd/escape.ts'
import type { Job } from '../systemd/jobs.ts'
import { DEFAULTS, type UnitOptions } from './options.ts'
import { because, type UnitLine, unit, type UnitFile } from './unit.ts'

export const DOCUMENTATION = 'Documentation=man:kured-sentinel(8)'

const SENTINEL = '/usr/bin/kured-sentinel'

/** pacman-upgrade.service: what must never be cut in half. */
export function upgradeService(options: UnitOptions): UnitFile {
  return unit('pacman-upgrade.service', {
    Unit: [
      'Description=Upgrade packages',
      DOCUMENTATION,
      ...mounts(options),
      ...NETWORK,
      because(
        'D-Bus, which hooks may use, stays until they are done, also when the host goes down.',
      ),
      'After=dbus.service',
    ],
    Service: [
      ...PRIORITY,
      ...preflight('upgrade', options),
      'ExecStart=/usr/bin/pacman -Su --noconfirm --noprogressbar',
      because(
        'Services that still run replaced code. "-": the packages are installed, whether or not every service comes back. It is left out when the unit is stopped meanwhile.',
      ),
      `ExecStartPost=-${SENTINEL} restart --after-upgrade`,
      because(
        'How it really ended: pacman exits with 0 also when a hook failed, or when there was no database to upgrade from. Without "-": if that cannot be told, a person must look, and a failed unit says so. The timer starts it again all the same.',
      ),
      `ExecStopPost=${SENTINEL} record upgrade`,
      'Restart=no',
      because(
        'A stop, and so a reboot, waits for the transaction and its hooks: SIGTERM would leave half the packages upgraded and the lock behind, SIGINT would drop the hooks; SIGCONT does nothing. mixed: only pacman gets it, and not its scriptlets. reboot.target forces its way after 30 minutes: what is not done by then is lost in any case.',
      ),
      'KillMode=mixed',
      'KillSignal=SIGCONT',
      'TimeoutStopSec=25min',
      because(
        'A transaction that hangs this long does not end by itself. Without a limit nobody would hear of it: the lock would keep later upgrades and every reboot away in silence.',
      ),
      'TimeoutStartSec=12h',
      because(
        'When the kernel ends a program of a hook for its memory, pacman goes on; with the default, stop, its time would be limited from then on.',
      ),
      'OOMPolicy=continue',
      because(
        'Nothing here sandboxes: RestrictSUIDSGID= would strip sudo of its setuid bit, ProtectSystem= and its like break hooks, and MemoryMax= ends pacman in the middle.',
      ),
    ],
  })
}

/** pacman-cache-update.service: what can be ended and tried again at any time. */
export function downloadService(options: UnitOptions): UnitFile {
  return unit('pacman-cache-update.service', {
    Unit: [
      'Description=Download package updates',
      DOCUMENTATION,
      ...mounts(options),
      ...NETWORK,
      because(
        'Four attempts, then no more until tomorrow. The time is longer than four attempts can take, or they would never be counted together. `systemctl reset-failed` allows more.',
      ),
      'StartLimitIntervalSec=12h',
      'StartLimitBurst=4',
    ],
    Service: [
      ...PRIORITY,
      ...preflight('download', options),
      'ExecStart=/usr/bin/pacman -Syuw --noconfirm --noprogressbar',
      because(
        'How it really ended. "-": a record that fails is no reason to download again, as Restart= would.',
      ),
      `ExecStopPost=-${SENTINEL} record download`,
      because(
        'A mirror that is down or half-way through its own update is often well again a little later. A run that the preflight skips, or a person stops, is not tried again.',
      ),
      'Restart=on-failure',
      'RestartSec=15min',
      because(
        "As Ctrl-C does: SIGTERM would leave the lock behind. All of pacman's processes get it (KillMode=control-group, the default): pacman 7 downloads in a child, and waits for that. What is half there stays as .part; the next run goes on with it, and checks the whole.",
      ),
      'KillSignal=SIGINT',
      because('A download that hangs is ended like that, and tried again.'),
      'TimeoutStartSec=2h',
    ],
  })
}

const NETWORK: UnitLine[] = [
  'After=network-online.target nss-lookup.target',
  'Wants=network-online.target',
]

const PRIORITY: UnitLine[] = [
  'Type=oneshot',
  'Nice=19',
  because('What the node is there for goes first, also where nice values are not compared.'),
  'CPUWeight=20',
  'IOWeight=20',
  because(
    'A hook that fails leaves no trace but what pacman prints: in the words that the record knows.',
  ),
  'Environment=LC_MESSAGES=C',
]

function mounts({ local, syncDir, cacheDir }: UnitOptions): UnitLine[] {
  if (local) return []
  const paths = [syncDir, cacheDir]
  return [
    because(
      'The mounts are made before, and stay until pacman has ended, also when the host goes down. An idle automount, which is enough for the conditions, is mounted by it.',
    ),
    `RequiresMountsFor=${paths.map(listWord).join(' ')}`,
    ...paths.map((path) => `ConditionPathIsMountPoint=${specifierFree(path)}`),
  ]
}

function preflight(job: Job, options: UnitOptions): UnitLine[] {
  const look =
    job === 'upgrade'
      ? 'Are the mounts alive, the databases sound, the packages all there?'
      : 'Are the mounts alive, and is there room?'
  return [
    because(
      'To systemd every exit code up to 254 is a skip, also that of a program which cannot be run at all: of a Node that does not start nobody would hear, and no upgrade would ever mend it.',
    ),
    `ExecCondition=/usr/bin/sh -c "${SENTINEL} --version >/dev/null || exit 255"`,
    because(`${look} Exit 1 skips this run, which is no failure; 255 is one.`),
    `ExecCondition=${[SENTINEL, 'preflight', job, ...preflightOptions(options)].join(' ')}`,
  ]
}

/** By itself preflight looks where pacman.conf says. */
function preflightOptions({ local, syncDir, cacheDir }: UnitOptions): string[] {
  if (local) return ['--local']
  return [
    ...(syncDir === DEFAULTS.syncDir ? [] : ['--sync-dir', execWord(syncDir)]),
    ...(cacheDir === DEFAULTS.cacheDir ? [] : ['--cache-dir', execWord(cacheDir)]),
  ]
}
