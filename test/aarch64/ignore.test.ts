/** `ignore …` on an Arch Linux ARM pacman.conf, with the aarch64 pacman-conf and pacman. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makePacmanHost } from '../fixture/pacman-host.ts'
import { ARCH_LINUX_ARM } from '../pacman-confs.ts'
import { aarch64Test } from './root.ts'

aarch64Test('add, list and remove on /etc/pacman.conf: the same bytes in the end', async (root) => {
  const conf = join(root.path, 'etc/pacman.conf')
  const mirrors = join(root.path, 'etc/pacman.d/mirrorlist')
  writeFileSync(conf, ARCH_LINUX_ARM)
  mkdirSync(join(root.path, 'etc/pacman.d'), { recursive: true })
  writeFileSync(mirrors, 'Server = file:///none/$arch/$repo\n')
  const held = async () =>
    (await root.run(['pacman-conf', 'IgnorePkg'])).stdout.split(/\s+/).join(' ')

  const dry = await root.program('ignore', 'add', '--dry-run', 'kubelet')
  assert.match(dry.stdout, /^\+IgnorePkg {4}= linux-rpi linux-rpi-headers kubelet$/m)
  assert.equal(readFileSync(conf, 'utf8'), ARCH_LINUX_ARM)

  const added = await root.program('ignore', 'add', 'kubelet')
  assert.deepEqual(
    [added.exitCode, added.stdout, added.stderr],
    [0, 'kubelet added to IgnorePkg in /etc/pacman.conf\n', ''],
  )
  assert.equal(await held(), 'linux-rpi linux-rpi-headers kubelet ')

  const listed = await root.program('ignore', 'list', '--json')
  assert.equal(listed.exitCode, 0)
  const entries: { name: string; line: number }[] = JSON.parse(listed.stdout).entries
  assert.deepEqual(
    entries.map(({ name, line }) => `${name}:${line}`),
    ['linux-rpi:4', 'linux-rpi-headers:4', 'kubelet:4'],
  )

  const removed = await root.program('ignore', 'remove', 'kubelet')
  assert.equal(removed.exitCode, 0, removed.stderr)
  assert.equal(readFileSync(conf, 'utf8'), ARCH_LINUX_ARM)
  assert.equal(await held(), 'linux-rpi linux-rpi-headers ')
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
