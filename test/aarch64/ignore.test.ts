/** `ignore …` on an Arch Linux ARM pacman.conf, with the aarch64 pacman-conf and pacman. */
import assert from 'node:assert/strict'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makePacmanHost } from '../fixture/pacman-host.ts'
import { fillTree } from '../fixture/tree.ts'
import { ARCH_LINUX_ARM } from '../pacman-confs.ts'
import { aarch64Test } from './root.ts'

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
    [added.exitCode, added.stdout, added.stderr],
    [0, 'kubelet added to IgnorePkg in /etc/pacman.conf\n', ''],
  )
  assert.equal(await held(), 'linux-rpi\nlinux-rpi-headers\nkubelet\n')

  const listed = await root.program('ignore', 'list', '--json')
  assert.equal(listed.exitCode, 0, listed.stderr)
  const { entries } = JSON.parse(listed.stdout)
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

aarch64Test(
  'check: a held package that another one needs newer stops the upgrade',
  async (root) => {
    const seenAt = '/srv/pacman'
    const host = makePacmanHost(
      {
        installed: [
          ['kubelet', '1.30.1-1'],
          ['kubeadm', '1.30.1-1', { depends: ['kubelet>=1.30'] }],
        ],
        repositories: {
          core: [
            ['kubelet', '1.31.0-1'],
            ['kubeadm', '1.31.0-1', { depends: ['kubelet>=1.31'] }],
          ],
        },
        options: 'IgnorePkg = kubelet',
      },
      seenAt,
    )
    cpSync(host, join(root.path, seenAt), { recursive: true })
    const conf = ['--pacman-conf', `${seenAt}/pacman.conf`]
    const { exitCode, stdout, stderr } = await root.program('ignore', 'check', ...conf)
    assert.equal(exitCode, 1, stderr)
    assert.match(
      stdout,
      /kubelet is held \(at 1\.30\.1-1\): kubeadm 1\.31\.0-1 needs kubelet>=1\.31/,
    )
  },
)
