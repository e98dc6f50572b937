import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { readReplaced } from '../../src/pacman/replaced.ts'
import { collectKernel, compareNearness, flavour, judgeKernel } from '../../src/sentinel/kernel.ts'
import { bootImage, hostTree, kernelFiles, replacedTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const OLD = '6.9.0-arch1-1'
const NEW = '6.9.1-arch1-1'
const BUILD = '#1 SMP PREEMPT_DYNAMIC Fri, 17 May 2024 16:56:38 +0000'
const DB = 'var/lib/pacman/local'
/** hostTree() has linux 6.9.1-arch1-1 installed, with its modules; this takes the disk's side away. */
const { 'usr/lib/modules/6.9.1-arch1-1/pkgbase': _, ...WITHOUT_MODULES } = hostTree()

/** What pacman replaced in this boot is read where the tree has a list of it. */
const sourcesOf = (host: Host) => ({
  host,
  dbPath: '/var/lib/pacman',
  log: '/var/log/pacman.log',
  replaced: host.lstat('/run') && readReplaced(host),
  deadline: new Deadline(10_000),
})

function judge(tree: Tree) {
  const host = new Host(makeTree(tree))
  return judgeKernel(collectKernel(sourcesOf(host)))
}

const running = (release: string): Tree => ({ 'proc/sys/kernel/osrelease': `${release}\n` })
const kernel = (name: string, version: string, release: string, entries?: string[]): Tree => ({
  [`${DB}/${name}-${version}/files`]: kernelFiles(release, entries),
})

const CASES: [what: string, tree: Tree, effect: string, message: RegExp][] = [
  [
    'a flavour with dashes and a number of its own, beside linux [reboot-arch-btw#136]',
    hostTree({
      ...running('6.4.1-2-ck-generic-v3'),
      ...kernel('linux-ck-generic-v3', '6.4.1-2', '6.4.1-2-ck-generic-v3'),
      'usr/lib/modules/6.4.1-2-ck-generic-v3/pkgbase': 'linux-ck-generic-v3\n',
    }),
    'none',
    /linux-ck-generic-v3 owns the running kernel/,
  ],
  [
    'the same, upgraded [reboot-arch-btw#136]',
    hostTree({
      ...running('6.4.1-2-ck-generic-v3'),
      ...kernel('linux-ck-generic-v3', '6.4.2-1', '6.4.2-1-ck-generic-v3'),
    }),
    'reboot',
    /, linux-ck-generic-v3 6\.4\.2-1-ck-generic-v3 is installed/,
  ],
  [
    'zen is current, linux beside it is not the running one [lynis#1700, omarchy#601]',
    hostTree({
      ...running('6.18.2-zen2-1-zen'),
      ...kernel('linux-zen', '6.18.2.zen2-1', '6.18.2-zen2-1-zen'),
      'usr/lib/modules/6.18.2-zen2-1-zen/pkgbase': 'linux-zen\n',
    }),
    'none',
    /linux-zen owns the running kernel/,
  ],
  [
    'aarch64, which has no vmlinuz and no pkgbase [arch-update#437]',
    {
      ...WITHOUT_MODULES,
      ...running('6.2.10-1-aarch64-ARCH'),
      ...kernel('linux-aarch64', '6.2.10-1', '6.2.10-1-aarch64-ARCH', ['kernel/', 'modules.order']),
      'usr/lib/modules/6.2.10-1-aarch64-ARCH/modules.order': '',
    },
    'none',
    /linux-aarch64 owns the running kernel/,
  ],
  ['Arch, nothing due', hostTree(), 'none', /linux owns the running kernel/],
  [
    'Arch, upgraded',
    hostTree(running(OLD)),
    'reboot',
    /kernel 6\.9\.0-arch1-1 is running, linux 6\.9\.1-arch1-1 is installed/,
  ],
  [
    'DKMS left a directory behind',
    hostTree({ ...running(OLD), [`usr/lib/modules/${OLD}/modules.weakdep`]: '' }),
    'reboot',
    /linux 6\.9\.1-arch1-1 is installed/,
  ],
  [
    'kernel-modules-hook kept the old directory, pkgbase and all',
    hostTree({
      ...running(OLD),
      [`usr/lib/modules/${OLD}/pkgbase`]: 'linux\n',
      [`usr/lib/modules/${OLD}/vmlinuz`]: bootImage(`${OLD} (x@y) ${BUILD}`),
    }),
    'reboot',
    /linux 6\.9\.1-arch1-1 is installed/,
  ],
  [
    'out-of-tree modules and headers own the old directory',
    hostTree({
      ...running(OLD),
      [`usr/lib/modules/${OLD}/extramodules/nvidia.ko`]: '',
      ...kernel('nvidia', '550-1', OLD, ['extramodules/', 'extramodules/nvidia.ko']),
      ...kernel('linux-headers', '6.9.0.arch1-1', OLD, ['build/', 'build/Makefile']),
    }),
    'reboot',
    /linux 6\.9\.1-arch1-1 is installed/,
  ],
  [
    'two kernels, the older one runs and is current',
    hostTree({
      ...running('6.6.30-1-lts'),
      'usr/lib/modules/6.6.30-1-lts/pkgbase': 'linux-lts\n',
      ...kernel('linux-lts', '6.6.30-1', '6.6.30-1-lts'),
    }),
    'none',
    /linux-lts owns/,
  ],
  [
    'two kernels, the running one was upgraded',
    hostTree({ ...running('6.6.29-1-lts'), ...kernel('linux-lts', '6.6.30-1', '6.6.30-1-lts') }),
    'reboot',
    /linux-lts 6\.6\.30-1-lts is installed/,
  ],
  [
    'another kernel only, and the modules are gone',
    hostTree(running('6.1.0-1-custom')),
    'reboot',
    /6\.1\.0-1-custom is running, linux/,
  ],
  [
    'linux-aarch64 was replaced by linux-rpi; DKMS left something of it behind',
    {
      ...WITHOUT_MODULES,
      ...running('6.2.10-1-aarch64-ARCH'),
      'usr/lib/modules/6.2.10-1-aarch64-ARCH/updates/dkms/zfs.ko': '',
      'usr/lib/modules/6.2.10-1-aarch64-ARCH/modules.dep': '',
      ...kernel('linux-rpi', '6.6.31-1', '6.6.31-1-rpi'),
    },
    'reboot',
    /6\.2\.10-1-aarch64-ARCH is running, linux-rpi 6\.6\.31-1-rpi is installed/,
  ],
  [
    'the same, and a hook copied all of it back, in this boot',
    {
      ...WITHOUT_MODULES,
      ...running('6.2.10-1-aarch64-ARCH'),
      'usr/lib/modules/6.2.10-1-aarch64-ARCH/kernel/x.ko': '',
      'usr/lib/modules/6.2.10-1-aarch64-ARCH/modules.order': '',
      ...replacedTree('/usr/lib/modules/6.2.10-1-aarch64-ARCH/modules.order'),
      ...kernel('linux-rpi', '6.6.31-1', '6.6.31-1-rpi'),
    },
    'reboot',
    /linux-rpi 6\.6\.31-1-rpi is installed/,
  ],
  [
    'the same, in an earlier boot: pacman’s log has the name that pkgbase gives',
    hostTree({
      ...running('6.8.4-1-odd'),
      'usr/lib/modules/6.8.4-1-odd/modules.order': '',
      'usr/lib/modules/6.8.4-1-odd/pkgbase': 'linux-odd\n',
      'var/log/pacman.log': '[2024-05-17T16:56:38+0000] [ALPM] removed linux-odd (6.8.4-1)\n',
    }),
    'reboot',
    /6\.8\.4-1-odd is running, linux 6\.9\.1-arch1-1 is installed/,
  ],
  [
    'a kernel of one’s own, with a pkgbase that no package ever had',
    hostTree({
      ...running('6.8.4-1-odd'),
      'usr/lib/modules/6.8.4-1-odd/modules.order': '',
      'usr/lib/modules/6.8.4-1-odd/pkgbase': 'linux-odd\n',
      'var/log/pacman.log': '[2024-05-17T16:56:38+0000] [ALPM] removed linux-oddity (6.8.4-1)\n',
      ...replacedTree('/usr/lib/modules/6.8.4-1-odd/updates/zfs.ko'),
    }),
    'none',
    /no package's, and its modules are there/,
  ],
  [
    'Manjaro: linux610 was replaced by linux612, the directory is a leftover',
    {
      ...WITHOUT_MODULES,
      ...running('6.10.14-1-MANJARO'),
      'usr/lib/modules/6.10.14-1-MANJARO/extramodules/version': '',
      ...kernel('linux612', '6.12.4-1', '6.12.4-1-MANJARO'),
    },
    'reboot',
    /linux612 6\.12\.4-1-MANJARO is installed/,
  ],
  [
    'Manjaro: several kernels of one flavour, the running one was upgraded',
    {
      ...WITHOUT_MODULES,
      ...running('5.10.70-1-MANJARO'),
      'usr/lib/modules/5.10.75-1-MANJARO/modules.order': '',
      ...kernel('linux419', '4.19.212-1', '4.19.212-1-MANJARO'),
      ...kernel('linux510', '5.10.75-1', '5.10.75-1-MANJARO'),
      ...kernel('linux514', '5.14.14-1', '5.14.14-1-MANJARO'),
    },
    'reboot',
    /5\.10\.70-1-MANJARO is running, linux510 5\.10\.75-1-MANJARO is installed/,
  ],
  [
    'a kernel of one’s own beside a packaged one',
    hostTree({ ...running('6.1.0-1-custom'), 'usr/lib/modules/6.1.0-1-custom/kernel/x.ko': '' }),
    'none',
    /no package's, and its modules are there/,
  ],
  [
    'Arch Linux ARM: no pkgbase, no vmlinuz; nothing due',
    {
      ...WITHOUT_MODULES,
      ...running('6.2.10-1-aarch64-ARCH'),
      'usr/lib/modules/6.2.10-1-aarch64-ARCH/modules.order': '',
      ...kernel('linux-aarch64', '6.2.10-1', '6.2.10-1-aarch64-ARCH', ['kernel/', 'modules.order']),
    },
    'none',
    /linux-aarch64 owns/,
  ],
  [
    'Arch Linux ARM, upgraded',
    {
      ...WITHOUT_MODULES,
      ...running('6.2.9-1-aarch64-ARCH'),
      'usr/lib/modules/6.2.10-1-aarch64-ARCH/modules.order': '',
      ...kernel('linux-aarch64', '6.2.10-1', '6.2.10-1-aarch64-ARCH', ['kernel/', 'modules.order']),
    },
    'reboot',
    /linux-aarch64 6\.2\.10-1-aarch64-ARCH is installed/,
  ],
  [
    'linux-rpi: an empty vmlinuz',
    hostTree({
      ...running('6.6.31-1-rpi'),
      'usr/lib/modules/6.6.31-1-rpi/pkgbase': 'linux-rpi\n',
      'usr/lib/modules/6.6.31-1-rpi/vmlinuz': '',
      ...kernel('linux-rpi', '6.6.31-1', '6.6.31-1-rpi'),
    }),
    'none',
    /linux-rpi owns/,
  ],
  [
    'a kernel package whose name says nothing',
    hostTree({
      ...running('5.0.0-1-odd'),
      'usr/lib/modules/5.0.0-1-odd/kernel/x.ko': '',
      ...kernel('odd', '5.0.0-1', '5.0.0-1-odd'),
    }),
    'none',
    /odd owns the running kernel/,
  ],
  [
    'no kernel package at all: a container, or the hypervisor’s kernel',
    {
      ...WITHOUT_MODULES,
      ...running('6.18.0-cloud'),
      [`${DB}/linux-6.9.1.arch1-1/files`]: '%FILES%\nusr/\n',
    },
    'none',
    /no kernel package is installed/,
  ],
  [
    'only leftovers below the modules',
    {
      ...WITHOUT_MODULES,
      ...running('6.18.0-cloud'),
      [`${DB}/linux-6.9.1.arch1-1/files`]: '%FILES%\nusr/lib/modules/extramodules-6.9-ARCH/\n',
      'usr/lib/modules/extramodules-6.9-ARCH/version': '',
      'usr/lib/modules/backup/x': '',
    },
    'none',
    /no kernel package is installed/,
  ],
  [
    'the image on disk is the one that runs',
    hostTree({
      [`usr/lib/modules/${NEW}/vmlinuz`]: bootImage(`${NEW} (linux@archlinux) ${BUILD}`),
    }),
    'none',
    /linux owns/,
  ],
  [
    'rebuilt under the same release',
    hostTree({
      [`usr/lib/modules/${NEW}/vmlinuz`]: bootImage(
        `${NEW} (linux@archlinux) ${BUILD.replace('17', '18')}`,
      ),
    }),
    'reboot',
    /linux was rebuilt under the same release/,
  ],
]

for (const [what, tree, effect, message] of CASES) {
  test(what, () => {
    const finding = judge(tree)
    assert.equal(finding.effect, effect, finding.message)
    assert.match(finding.message, message)
  })
}

for (const [what, tree, message] of [
  [
    'a boot image that is damaged',
    { [`usr/lib/modules/${NEW}/vmlinuz`]: bootImage('garbage') },
    /vmlinuz is damaged/,
  ],
  ['no release', { 'proc/sys/kernel/osrelease': '\n' }, /osrelease is empty/],
  ['no build', { 'proc/sys/kernel/version': '' }, /version is empty/],
] as const) {
  test(`nothing is decided on ${what}`, () => assert.throws(() => judge(hostTree(tree)), message))
}

test('without a package database nothing is decided', () => {
  const host = new Host(
    makeTree({ 'proc/sys/kernel/osrelease': 'x\n', 'proc/sys/kernel/version': 'y\n' }),
  )
  assert.throws(() => collectKernel(sourcesOf(host)), /no package database: .*is DBPath/)
})

test('flavours', () => {
  const names = [
    '6.9.1-arch1-1',
    '6.6.30-1-lts',
    '6.9.1-zen1-1-zen',
    '6.9.1-hardened1-1-hardened',
    '6.2.10-1-aarch64-ARCH',
    '6.9.0-rc1-1-mainline',
  ]
  assert.deepEqual(names.map(flavour), ['arch', 'lts', 'zen', 'hardened', 'aarch-ARCH', 'mainline'])
})

test('the nearest release', () => {
  const nearest = (to: string, ...releases: string[]) =>
    releases.toSorted((a, b) => compareNearness(a, b, to))[0]
  assert.equal(nearest('5.10.70-1', '5.14.1-1', '5.10.9-1', '4.19.1-1'), '5.10.9-1')
  assert.equal(nearest('5.10.70-1', '4.10.70-1', '6.1.0-1'), '6.1.0-1', 'equally far: the newer')
  assert.equal(nearest('6.9.1-arch1-1', '6.9.1-arch1-2', '6.9.1-arch2-1'), '6.9.1-arch1-2')
})
