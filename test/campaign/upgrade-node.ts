/** A node whose upgrade is long enough to be met at any moment, on a disk of its own. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { bootNode, install, offer } from '../lab/lab.ts'
import { LabNode } from '../lab/node.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { kernel } from '../lab/recipes.ts'

const NAMES = ['aaa', 'linux', 'mmm', 'zzz']
const UNIT = 'pacman-upgrade.service'

/** Files enough that a moment within one package is met, too. */
const recipe = (name: string, version: string): PackageRecipe => ({
  name,
  version,
  lines: [`backup=('etc/${name}.conf')`],
  install: 'post_upgrade() { sleep 0.2; }',
  files: { [`/etc/${name}.conf`]: `${version}\n` },
  package: `mkdir -p "$pkgdir/usr/share/${name}"
for i in $(seq 400); do seq ${version.charAt(0)} 300 >"$pkgdir/usr/share/${name}/$i"; done`,
})

const packages = (version: string): PackageRecipe[] =>
  NAMES.map((name) => {
    if (name !== 'linux') return recipe(name, version)
    return { ...recipe(name, version), ...kernel('linux', version, `6.9.${version.charAt(0)}`) }
  })

const HOOKS = {
  '60-slow': 'usr/share/*\nExec = /bin/sleep 0.3',
  '90-image':
    "usr/lib/modules/*/vmlinuz\nExec = /bin/sh -c 'sleep 0.3; cat /usr/lib/modules/*/pkgbase >/boot/image; pacman -Q linux >>/boot/image'",
}

/** Makes the disk of a node with the old packages, and the new ones in its cache. */
export async function prepareDisk(file: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true })
  const node = await bootNode({ disk: true })
  for (const [name, lines] of Object.entries(HOOKS)) {
    const [target, exec] = lines.split('\n')
    await node.writeFile(
      `/etc/pacman.d/hooks/${name}.hook`,
      `[Trigger]\nType = Path\nOperation = Install\nOperation = Upgrade\nTarget = ${target}\n[Action]\nWhen = PostTransaction\n${exec}\n`,
    )
  }
  await install(node, ...packages('1'))
  for (const name of NAMES.filter((one) => one !== 'linux')) {
    await node.writeFile(`/etc/${name}.conf`, 'edited\n')
  }
  await offer(node, ...packages('2'))
  await node.ok(['pacman', '-Syuw', '--noconfirm'])
  await node.ok(['kured-sentinel', 'units', 'install', '--local'])
  await node.powerOff({ keep: true })
  node.keepDisk(file)
  await node.discard()
}

export async function bootFrom(file: string): Promise<LabNode> {
  const node = new LabNode({ disk: file })
  try {
    await node.boot()
    return node
  } catch (error) {
    await node.discard()
    throw error
  }
}

/** Starts the upgrade, and waits until pacman has begun and that many ms more. */
export async function beginUpgrade(node: LabNode, ms: number): Promise<void> {
  await node.ok(['systemctl', 'start', '--no-block', UNIT])
  const begun =
    'until grep -q "starting full system upgrade" /var/log/pacman.log; do sleep 0.01; done'
  await node.shell(`${begun}; sleep ${(ms / 1000).toFixed(3)}`)
}

/** Boots a node again with an uptime of its own: nodes share this machine's, which began long before. */
export async function bootAgain(node: LabNode): Promise<void> {
  await node.boot()
  await node.shell('echo 1.00 1.00 >/run/uptime; mount --bind /run/uptime /proc/uptime')
}

/** A night without a person. */
export async function night(node: LabNode): Promise<void> {
  await node.run(['systemctl', 'start', UNIT], { timeoutMs: 120_000 })
}

/** What is wrong with the node, as pacman and its files tell; '' if it is whole and current. */
export async function whatIsWrong(node: LabNode): Promise<string> {
  const { stdout, stderr } = await node.run([
    '/bin/sh',
    '-uc',
    `[ ! -e /var/lib/pacman/db.lck ] || echo a lock
pacman -Q ${NAMES.join(' ')} | grep -v ' 2-1$'
pacman -Dk >/dev/null || echo pacman -Dk
pacman -Qkk ${NAMES.join(' ')} 2>&1 | grep -v ' 0 altered files$' | grep -v '^backup file: '
[ "$(cat /boot/image)" = "$(printf 'linux\\nlinux 2-1')" ] || echo the image is: $(cat /boot/image)
for name in aaa mmm zzz; do
  [ "$(cat /etc/$name.conf)" = edited ] || echo /etc/$name.conf is not the edited one
done
[ ! -s /var/lib/kured-sentinel/unfinished ] || echo unfinished: $(cat /var/lib/kured-sentinel/unfinished)`,
  ])
  return `${stdout}${stderr}`.trim().replaceAll('\n', '; ')
}

/** Whether a person is told exactly what to do. */
export async function isTold(node: LabNode): Promise<boolean> {
  const { stdout } = await node.run(['kured-sentinel', 'doctor', '--json'])
  return stdout.includes('kured-sentinel repair')
}
