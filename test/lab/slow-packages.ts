/** Four packages whose upgrade takes long enough to be stopped in the middle, and a slow hook. */
import { offer } from './lab.ts'
import type { LabNode } from './node.ts'
import type { PackageRecipe } from './package.ts'

const NAMES = ['one', 'two', 'three', 'four']

/** What makes the scriptlets and the hook slow; gone with the next boot. */
const SLOW = '/run/slow'

// What a scriptlet leaves running must not hold up the end of the job.
const recipe = (name: string, version: string): PackageRecipe => ({
  name,
  version,
  install: `post_upgrade() { [ ! -e ${SLOW} ] || { sleep 1000 >/dev/null 2>&1 & sleep 1; }; }\n`,
  files: { [`/usr/share/slow/${name}`]: `${version}\n` },
})

const HOOK = `[Trigger]
Operation = Upgrade
Type = Package
Target = *
[Action]
When = PostTransaction
Exec = /bin/sh -c 'sleep 1; echo >> /var/lib/hook-ran'
`

/** A network file system to systemd: it goes as early as NFS does when the host goes down. */
const remote = (path: string) => `[Mount]
What=tmpfs
Where=${path}
Type=tmpfs
Options=_netdev
[Install]
WantedBy=remote-fs.target
`

/** Both of pacman's directories are mount points. */
export async function mountAll(node: LabNode): Promise<void> {
  for (const path of ['/var/lib/pacman/sync', '/var/cache/pacman/pkg']) {
    const name = `${path.slice(1).replaceAll('/', '-')}.mount`
    await node.writeFile(`/etc/systemd/system/${name}`, remote(path))
    await node.ok(['systemctl', 'enable', '--now', name])
  }
}

/** Both versions are in the repository, the second is to be had, the hook is in place. */
export async function prepareSlowUpgrade(node: LabNode): Promise<void> {
  for (const version of ['1.0', '2.0']) {
    await offer(node, ...NAMES.map((name) => recipe(name, version)))
  }
  await node.writeFile('/etc/pacman.d/hooks/slow.hook', HOOK)
}

/** Every package as it was before the upgrade, which is downloaded. */
export async function rewind(node: LabNode): Promise<void> {
  const files = NAMES.map((name) => `/srv/lab/${name}-1.0-1-any.pkg.tar.gz`)
  await node.ok(['rm', '-f', '/var/lib/pacman/db.lck', SLOW])
  await node.ok(['pacman', '-U', '--noconfirm', ...files])
  await node.ok(['pacman', '-Syuw', '--noconfirm'])
  await node.ok(['rm', '-f', '/var/lib/hook-ran'])
}

/** Starts the unit, and waits until the second of the packages is being installed. */
export async function startUpgrade(node: LabNode): Promise<void> {
  await node.ok(['touch', SLOW])
  const before = await node.shell('wc -l < /var/log/pacman.log')
  await node.ok(['systemctl', 'start', '--no-block', 'pacman-upgrade.service'])
  const log = `tail -n +${Number(before) + 1} /var/log/pacman.log`
  await node.shell(`until ${log} | grep -q '\\[ALPM\\] upgraded'; do sleep 0.1; done`, {
    timeoutMs: 20_000,
  })
}

/** What a person finds afterwards. */
export async function outcome(node: LabNode) {
  const versions = await node.shell(`pacman -Q ${NAMES.join(' ')}`)
  const upgraded = versions.split('\n').filter((line) => line.endsWith(' 2.0-1')).length
  const there = async (path: string) => (await node.run(['test', '-e', path])).exitCode === 0
  return {
    upgraded,
    hookRan: await there('/var/lib/hook-ran'),
    locked: await there('/var/lib/pacman/db.lck'),
  }
}
