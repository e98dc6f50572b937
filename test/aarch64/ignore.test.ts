/** `ignore …` on an Arch Linux ARM pacman.conf, with the aarch64 pacman-conf and pacman. */
import assert from 'node:assert/strict'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makePacmanHost } from '../fixture/pacman-host.ts'
import { fillTree } from '../fixture/tree.ts'
import { UPGRADES } from '../fixture/upgrades.ts'
import { ARCH_LINUX_ARM } from '../fixture/pacman-confs.ts'
import { aarch64Test } from '../lab/aarch64-root.ts'

aarch64Test('add, list and remove on /etc/pacman.conf: the same bytes in the end', async (root) => {
  fillTree(root.path, {
    'etc/pacman.conf': ARCH_LINUX_ARM,
    'etc/pacman.d/mirrorlist': 'Server = file:///none/$arch/$repo\n',
    'var/lib/pacman/local/ALPM_DB_VERSION': '9\n',
    'var/lib/pacman/local/linux-rpi-6.6.31-1/desc': '%NAME%\nlinux-rpi\n\n%VERSION%\n6.6.31-1\n\n',
  })
  const text = () => readFileSync(join(root.path, 'etc/pacman.conf'), 'utf8')
  const held = async () => (await root.run(['pacman-conf', 'IgnorePkg'])).stdout

  const dry = await root.program('ignore', 'add', '--dry-run', 'kubelet')
  assert.match(dry.stdout, /^\+IgnorePkg {4}= linux-rpi linux-rpi-headers kubelet$/m)
  assert.equal(text(), ARCH_LINUX_ARM)

  const added = await root.program('ignore', 'add', 'kubelet')
  assert.deepEqual(
    [added.exitCode, added.stdout],
    [0, 'kubelet added to IgnorePkg in /etc/pacman.conf\n'],
  )
  assert.match(added.stderr, /^warning: kubelet is neither installed nor in any sync database/)
  assert.equal(await held(), 'linux-rpi\nlinux-rpi-headers\nkubelet\n')

  const listed = await root.program('ignore', 'list', '--json')
  assert.equal(listed.exitCode, 0, listed.stderr)
  const { entries } = JSON.parse(listed.stdout).details
  assert.deepEqual(
    entries.map(({ name, line }: { name: string; line: number }) => `${name}:${line}`),
    ['linux-rpi:4', 'linux-rpi-headers:4', 'kubelet:4'],
  )
  assert.deepEqual(entries[0].packages, [{ name: 'linux-rpi', installed: '6.6.31-1' }])

  const removed = await root.program('ignore', 'remove', 'kubelet')
  assert.equal(removed.exitCode, 0, removed.stderr)
  assert.equal(text(), ARCH_LINUX_ARM)
  assert.equal(await held(), 'linux-rpi\nlinux-rpi-headers\n')
})

for (const title of [
  'a newer version of an ignored package is needed',
  'an upgrade with questions before the last one',
  'an upgrade that fails anyway',
]) {
  aarch64Test(`check: ${title}`, async (root) => {
    const upgrade = UPGRADES.find((one) => one.title === title)
    assert.ok(upgrade)
    const place = `/srv/${title}`
    cpSync(makePacmanHost(upgrade.host, place), join(root.path, place), { recursive: true })
    const ended = await root.program('ignore', 'check', '--pacman-conf', `${place}/pacman.conf`)
    assert.match(ended.stdout + ended.stderr, upgrade.says)
    assert.equal(ended.exitCode, upgrade.exitCode)
  })
}
