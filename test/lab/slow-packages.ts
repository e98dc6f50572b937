/** Four packages with an upgrade long enough to be stopped in the middle, and a slow hook. */
import { offer } from './lab.ts'
import type { LabNode } from './node.ts'
import type { PackageRecipe } from './package.ts'

const NAMES = ['one', 'two', 'three', 'four']

/** While this file exists, scriptlets and hook are slow; the next boot removes it. */
const SLOW = '/run/slow'

// A process that a scriptlet leaves running must not delay the end of the job.
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

/** To systemd a network file system: at a shutdown it is unmounted as early as NFS. */
const remote = (path: string) => `[Mount]
What=tmpfs
Where=${path}
Type=tmpfs
Options=_netdev
[Install]
WantedBy=remote-fs.target
`

/** Makes both directories of pacman mount points. */
export async function mountAll(node: LabNode): Promise<void> {
  for (const path of ['/var/lib/pacman/sync', '/var/cache/pacman/pkg']) {
    const name = `${path.slice(1).replaceAll('/', '-')}.mount`
    await node.writeFile(`/etc/systemd/system/${name}`, remote(path))
    await node.ok(['systemctl', 'enable', '--now', name])
  }
}

/** Puts both versions into the repository, the second as the newest, and installs the hook. */
export async function prepareSlowUpgrade(node: LabNode): Promise<void> {
  for (const version of ['1.0', '2.0']) {
    await offer(node, ...NAMES.map((name) => recipe(name, version)))
  }
  await node.writeFile('/etc/pacman.d/hooks/slow.hook', HOOK)
}

/** Puts every package back to the old version, and downloads the upgrade. */
export async function rewind(node: LabNode): Promise<void> {
  const files = NAMES.map((name) => `/srv/lab/${name}-1.0-1-any.pkg.tar.gz`)
  await node.ok(['rm', '-f', '/var/lib/pacman/db.lck', SLOW])
  await node.ok(['pacman', '-U', '--noconfirm', ...files])
  await node.ok(['pacman', '-Syuw', '--noconfirm'])
  await node.ok(['rm', '-f', '/var/lib/hook-ran'])
}

/** Starts the unit, and waits until the second package is being installed. */
export async function startUpgrade(node: LabNode): Promise<void> {
  await node.ok(['touch', SLOW])
  const before = await node.shell('wc -l < /var/log/pacman.log')
  await node.ok(['systemctl', 'start', '--no-block', 'pacman-upgrade.service'])
  const log = `tail -n +${Number(before) + 1} /var/log/pacman.log`
  await node.shell(`until ${log} | grep -q '\\[ALPM\\] upgraded'; do sleep 0.1; done`, {
    timeoutMs: 20_000,
  })
}

/** The state afterwards. */
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
