import { specifierFree, unitNameOf } from '../systemd/escape.ts'
import type { UnitOptions } from './options.ts'
import { DOCUMENTATION } from './services.ts'
import { because, type UnitLine, unit, type UnitFile } from './unit.ts'

/** The mount units for --nfs: sync databases first, then packages. */
export function mountUnits({ syncDir, cacheDir, nfs, automount }: UnitOptions): UnitFile[] {
  const [databases, packages] = nfs
  if (databases === undefined || packages === undefined) return []
  return [
    ...mount("pacman's sync databases", databases, syncDir, automount),
    ...mount("pacman's packages", packages, cacheDir, automount),
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

function mount(what: string, from: string, path: string, automount: boolean): UnitFile[] {
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
      'Options=hard,noatime,nosuid,nodev,noexec',
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
