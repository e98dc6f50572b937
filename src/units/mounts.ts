import { FLEET_DIRECTORY } from '../fleet/share.ts'
import { specifierFree, unitNameOf } from '../systemd/escape.ts'
import type { UnitOptions } from './options.ts'
import { DOCUMENTATION } from './services.ts'
import { because, type UnitLine, unit, type UnitFile } from './unit.ts'

/** The mount units for --nfs: sync databases first, then packages, then the fleet's directory. */
export function mountUnits({ role, syncDir, cacheDir, nfs, automount }: UnitOptions): UnitFile[] {
  const [databases, packages, fleet] = nfs
  if (databases === undefined || packages === undefined) return []
  return [
    ...mount("pacman's sync databases", databases, syncDir, { role, automount }),
    ...mount("pacman's packages", packages, cacheDir, { role, automount }),
    // The one place that every host writes to, and so an export of its own.
    ...(fleet === undefined
      ? []
      : mount('how the hosts are', fleet, FLEET_DIRECTORY, { role: 'cache', automount })),
  ]
}

/** systemd's own for a network mount, except Before=remote-fs.target. [systemd.mount(5)] */
const ORDER: UnitLine[] = [
  because(
    'Only the jobs wait for the mount, by After=. With the default dependencies remote-fs.target, and so the whole boot, would wait as long as the server is down.',
  ),
  'DefaultDependencies=no',
  'Wants=network-online.target remote-fs-pre.target',
  'After=network.target network-online.target remote-fs-pre.target',
  because('At a shutdown it goes after the jobs and before the network.'),
  'Conflicts=umount.target',
  'Before=umount.target',
]

/**
 * pacman --noconfirm deletes a package from the cache that it does not accept, for all hosts: one
 * whose keyring is behind would empty it. [libalpm/sync.c, prompt_to_delete; pacman/callback.c]
 */
const READ_ONLY = because(
  'ro: this host only reads what the cache host has fetched. Without it a pacman with an old keyring would delete packages that it does not know for all hosts, and a pacman -Sy would change their databases.',
)

function mount(
  what: string,
  from: string,
  path: string,
  { role, automount }: Pick<UnitOptions, 'role' | 'automount'>,
): UnitFile[] {
  const install: Record<string, UnitLine[]> = { Install: ['WantedBy=remote-fs.target'] }
  const mounted = unit(unitNameOf(path, 'mount'), {
    Unit: [`Description=NFS: ${what}`, DOCUMENTATION, ...ORDER],
    Mount: [
      `What=${specifierFree(from)}`,
      `Where=${specifierFree(path)}`,
      'Type=nfs',
      because(
        'hard: while the server is down pacman waits; with soft it would get an error in the middle of a file. nosuid, nodev, noexec: nothing here is executed. _netdev is not needed: systemd knows that nfs is a network file system.',
      ),
      ...(role === 'node' ? [READ_ONLY] : []),
      `Options=hard,noatime,nosuid,nodev,noexec${role === 'node' ? ',ro' : ''}`,
      because('How long a job waits for a server that is down.'),
      'TimeoutSec=90s',
    ],
    ...(automount ? {} : install),
  })
  if (!automount) return [mounted]
  const automounted = unit(unitNameOf(path, 'automount'), {
    Unit: [`Description=NFS on demand: ${what}`, DOCUMENTATION],
    Automount: [
      `Where=${specifierFree(path)}`,
      because('Unmounted between runs: a server that is down then causes no trouble.'),
      'TimeoutIdleSec=10min',
    ],
    ...install,
  })
  return [mounted, automounted]
}
