/** The verdict on an aarch64 host, by the program as installed on one. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { hostTree, kernelFiles, mapsLine, processTree, replacedTree } from '../fixture/host.ts'
import { fillTree, type Tree } from '../fixture/tree.ts'
import { aarch64Test } from '../lab/aarch64-root.ts'
import { readJudged } from '../fixture/envelope.ts'

/** A board without any kernel package, all else as on Arch. */
const BARE: Tree = Object.fromEntries(
  Object.entries(hostTree()).filter(([path]) => !/lib\/modules\/|local\/linux-/.test(path)),
)

/** linux-aarch64 has its modules, and neither pkgbase nor vmlinuz; the kernel is /boot/Image. */
const LINUX_AARCH64: Tree = {
  ...BARE,
  'proc/sys/kernel/osrelease': '6.2.10-1-aarch64-ARCH\n',
  'proc/sys/kernel/version': '#1 SMP PREEMPT_DYNAMIC Fri Apr  7 10:33:32 MDT 2023\n',
  'boot/Image': 'MZ',
  'usr/lib/modules/6.2.10-1-aarch64-ARCH/modules.order': '',
  'var/lib/pacman/local/linux-aarch64-6.2.10-1/desc': '%NAME%\n',
  'var/lib/pacman/local/linux-aarch64-6.2.10-1/files': kernelFiles('6.2.10-1-aarch64-ARCH', [
    'kernel/',
    'modules.order',
  ]),
}

/** linux-rpi has a pkgbase, and a vmlinuz with nothing in it. */
const LINUX_RPI: Tree = {
  ...BARE,
  'proc/sys/kernel/osrelease': '6.6.31-1-rpi\n',
  'usr/lib/modules/6.6.31-1-rpi/pkgbase': 'linux-rpi\n',
  'usr/lib/modules/6.6.31-1-rpi/vmlinuz': '',
  'var/lib/pacman/local/linux-rpi-6.6.31-1/desc': '%NAME%\n',
  'var/lib/pacman/local/linux-rpi-6.6.31-1/files': kernelFiles('6.6.31-1-rpi'),
}

const LINUX_RPI_REPLACED: Tree = {
  ...LINUX_RPI,
  'proc/sys/kernel/osrelease': '6.6.30-1-rpi\n',
}
const RPI_REPLACED = 'kernel 6.6.30-1-rpi is running, linux-rpi 6.6.31-1-rpi is installed'

const REPLACED = replacedTree('/usr/lib/libc.so.6')
const LIBC = mapsLine('/usr/lib/libc.so.6 (deleted)', 99)
const SSHD = { maps: LIBC, command: 'sshd', cgroup: '0::/system.slice/sshd.service\n' }
const POD = '0::/kubepods.slice/cri-containerd-3f1c0b9d2e7a.scope\n'

aarch64Test(
  'what runs here is aarch64: the processor, its Node, and what that starts',
  async (root) => {
    const script =
      'console.log(process.arch, require("child_process").execFileSync("/usr/bin/uname",["-m"])+"")'
    const { stdout, stderr } = await root.run(['node', '--eval', script])
    assert.deepEqual([stdout.trim(), stderr], ['arm64 aarch64', ''])
  },
)

aarch64Test('--version', async (root) => {
  const { exitCode, stdout, stderr } = await root.program('--version')
  assert.equal(stderr, '')
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  assert.equal(exitCode, 0)
})

for (const [what, tree, code, says] of [
  ['linux-aarch64, up to date', LINUX_AARCH64, 1, 'no reboot required'],
  ['linux-rpi, up to date', LINUX_RPI, 1, 'no reboot required'],
  ['no kernel package', BARE, 1, 'no reboot required'],
  [
    'linux-aarch64, replaced',
    { ...LINUX_AARCH64, 'proc/sys/kernel/osrelease': '6.2.9-1-aarch64-ARCH\n' },
    0,
    'reboot required: kernel 6.2.9-1-aarch64-ARCH is running, linux-aarch64 6.2.10-1-aarch64-ARCH is installed',
  ],
  ['linux-rpi, replaced', LINUX_RPI_REPLACED, 0, `reboot required: ${RPI_REPLACED}`],
  [
    'a stale library',
    { ...LINUX_AARCH64, ...REPLACED, ...processTree(40, SSHD) },
    0,
    'reboot required: sshd[40] runs a replaced library: /usr/lib/libc.so.6 (sshd.service)',
  ],
  [
    'a deleted library that pacman has not replaced in this boot',
    { ...LINUX_AARCH64, ...processTree(40, SSHD) },
    1,
    'no reboot required',
  ],
  [
    'a container’s stale library',
    { ...LINUX_AARCH64, ...REPLACED, ...processTree(40, { maps: LIBC, cgroup: POD }) },
    1,
    'no reboot required',
  ],
] as const satisfies [string, Tree, number, string][]) {
  aarch64Test(`${code}: ${what}`, async (root) => {
    const { exitCode, stdout, stderr } = await root.asKured(['--root', root.addHost(tree)])
    assert.deepEqual([exitCode, stdout, stderr], [code, `${says}\n`, ''])
  })
}

aarch64Test('Kured’s own call, on the host itself: up to date, then replaced', async (root) => {
  const files = Object.entries(LINUX_RPI).filter(([path]) => !path.startsWith('proc/'))
  fillTree(root.path, Object.fromEntries(files))
  const call = async (tree: Tree) => {
    const proc = join(root.path, root.addHost(tree), 'proc')
    const { exitCode, stdout, stderr } = await root.asKured([], proc)
    return [exitCode, stdout, stderr]
  }
  assert.deepEqual(await call(LINUX_RPI), [1, 'no reboot required\n', ''])
  // Another kernel is another boot: what the first look left for the minutes after it is not believed.
  const nextBoot = { 'proc/sys/kernel/random/boot_id': '0b8e2b6c-6a0b-4c39-8d3e-5e0c3a3f7d11\n' }
  const why = `reboot required: ${RPI_REPLACED}\n`
  assert.deepEqual(await call({ ...LINUX_RPI_REPLACED, ...nextBoot }), [0, why, ''])
})

aarch64Test('2: a process whose maps cannot be read, though another one is stale', async (root) => {
  const { 'proc/41/maps': _, ...rest } = processTree(41)
  const unreadable = { ...rest, 'proc/41/maps': { directory: true } } as const
  const host = root.addHost({
    ...LINUX_AARCH64,
    ...REPLACED,
    ...processTree(40, SSHD),
    ...unreadable,
  })
  const { exitCode, stdout, stderr } = await root.asKured(['--root', host])
  assert.deepEqual([exitCode, stdout], [2, ''])
  assert.match(stderr, /\/proc\/41\/maps: Is a directory/)
})

aarch64Test('2: bad usage', async (root) => {
  const { exitCode, stdout, stderr } = await root.asKured(['--nonsense'])
  assert.deepEqual([exitCode, stdout], [2, ''])
  assert.match(stderr, /unknown option '--nonsense'/)
})

aarch64Test('status --json has every finding, and none of a container’s', async (root) => {
  const pod = processTree(41, { ...SSHD, cgroup: POD })
  const host = root.addHost({ ...LINUX_RPI, ...REPLACED, ...processTree(40, SSHD), ...pod })
  const { exitCode, stdout } = await root.program('status', '--json', '--root', host)
  const status = readJudged(stdout, 'status')
  assert.deepEqual([exitCode, status.verdict, status.exitCode], [0, 'reboot', 0])
  assert.deepEqual(status.reasons, [
    {
      kind: 'library',
      message: 'sshd[40] runs a replaced library: /usr/lib/libc.so.6',
      pid: 40,
      command: 'sshd',
      unit: 'sshd.service',
      path: '/usr/lib/libc.so.6',
      byPacman: true,
    },
  ])
  assert.ok(!status.ignored.some(({ pid }) => pid === 41))
})
