/** Kernel packages, /boot, and the image that the next boot starts, in each layout. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boot } from '../../src/doctor/boot.ts'
import { parseFstab } from '../../src/boot/fstab.ts'
import { kernel } from '../../src/doctor/kernel.ts'
import { said } from '../fixture/doctor.ts'
import { bootImage, HOST_MOUNTS, hostTree, kernelFiles } from '../fixture/host.ts'
import type { Tree } from '../fixture/tree.ts'

const NEW = '6.9.1-arch1-1'
const OLD = '6.9.0-arch1-1'
const BUILD = '#1 SMP PREEMPT_DYNAMIC Fri, 17 May 2024 16:56:38 +0000'
const image = (release: string, build = BUILD) => bootImage(`${release} (linux@archlinux) ${build}`)

/** linux 6.9.1-arch1-1 is installed, with its image beside the modules. */
const arch = (more: Tree): Tree =>
  hostTree({ [`usr/lib/modules/${NEW}/vmlinuz`]: image(NEW), ...more })

/** A PE file with one section more than the kernel's. */
function unifiedImage(release: string): Buffer {
  const pe = Buffer.alloc(0x400)
  pe.write('MZ')
  pe.writeUInt32LE(0x80, 0x3c)
  pe.write('PE\0\0', 0x80)
  pe.writeUInt16LE(2, 0x86)
  pe.writeUInt16LE(0xf0, 0x94)
  pe.write('.osrel', 0x188)
  pe.write('.linux', 0x1b0)
  pe.writeUInt32LE(0x400, 0x1b0 + 20)
  return Buffer.concat([pe, image(release)])
}

const PRESET: Tree = {
  'usr/bin/mkinitcpio': '',
  'etc/mkinitcpio.d/linux.preset': `ALL_kver="/boot/vmlinuz-linux"
PRESETS=('default')
default_image="/boot/initramfs-linux.img" # not the fallback's
`,
}

const ARM = '6.2.10-1-aarch64-ARCH'
const ARM_FILES = `${kernelFiles(ARM, ['kernel/', 'modules.order'])}boot/\nboot/Image\nboot/dtbs/x.dtb\n`

/** linux-aarch64: what is in /boot is the package's own. */
const arm = (more: Tree): Tree => {
  const {
    'var/lib/pacman/local/linux-6.9.1.arch1-1/files': _,
    'var/lib/pacman/local/linux-6.9.1.arch1-1/desc': __,
    ...others
  } = hostTree()
  return {
    ...others,
    'proc/sys/kernel/osrelease': `${ARM}\n`,
    'var/lib/pacman/local/linux-aarch64-6.2.10-1/files': ARM_FILES,
    'boot/dtbs/x.dtb': 'dtb',
    ...more,
  }
}
const arm64Image = (release: string) => {
  const bytes = Buffer.alloc(4096)
  bytes.write(`\0Linux version %s\0\nLinux version ${release} (builduser@leming) #1 SMP\n\0`, 1000)
  return bytes
}

const FSTAB = `# <device> <dir> <type> <options>
UUID=1234-ABCD\t/boot\tvfat\trw,noatime  0 2
/dev/vda2 / ext4 rw 0 1
`
const MOUNTED = `${HOST_MOUNTS}40 28 254:1 / /boot rw,noatime - vfat /dev/vda1 rw\n`

/** A kernel that was installed later than all files seem to be. */
const ON_FAT: Tree = {
  'etc/fstab': FSTAB,
  'proc/1/mountinfo': MOUNTED,
  'var/lib/pacman/local/linux-6.9.1.arch1-1/desc': '%INSTALLDATE%\n9999999999\n',
}

/** zfs and drbd are loaded, and not the kernel's own; ext4 is. [proc_modules(5)] */
const OWN_MODULES: Tree = {
  'proc/modules': `zfs 6225920 6 - Live 0x0000000000000000 (POE)
drbd_transport_tcp 40960 0 - Live 0x0000000000000000 (OE)
ext4 1130496 1 - Live 0x0000000000000000
`,
  'proc/sys/kernel/osrelease': `${OLD}\n`,
  'boot/vmlinuz-linux': image(NEW),
}
const KERNELS_OWN = 'kernel/fs/ext4/ext4.ko.zst:\n'
const BUILT = `${KERNELS_OWN}updates/dkms/zfs.ko.zst: updates/dkms/spl.ko.zst\nupdates/dkms/drbd-transport_tcp.ko.zst:\n`
const CURRENT = `ok: /boot/vmlinuz-linux is linux ${NEW}`
const lacks = (state: string, name: string, release: string, modules: string) =>
  `${state}: ${name} ${release} has no module ${modules}, which is loaded now`

const CASES: [what: string, tree: Tree, lines: string[]][] = [
  [
    'DKMS has built all modules for the new kernel',
    arch({ ...OWN_MODULES, [`usr/lib/modules/${NEW}/modules.dep`]: BUILT }),
    [CURRENT],
  ],
  [
    'DKMS failed, and its hook ended with 0 [pikaur#591]',
    arch({ ...OWN_MODULES, [`usr/lib/modules/${NEW}/modules.dep`]: KERNELS_OWN }),
    [lacks('wrong', 'linux', NEW, 'zfs, drbd_transport_tcp'), CURRENT],
  ],
  [
    'another installed kernel has the modules',
    arch({
      ...OWN_MODULES,
      [`usr/lib/modules/${NEW}/modules.dep`]: KERNELS_OWN,
      'var/lib/pacman/local/linux-lts-6.6.1-1/files': kernelFiles('6.6.1-1-lts', ['vmlinuz']),
      'usr/lib/modules/6.6.1-1-lts/modules.dep': BUILT,
    }),
    [lacks('warning', 'linux', NEW, 'zfs, drbd_transport_tcp'), CURRENT],
  ],
  [
    'one came into the kernel meanwhile',
    arch({
      ...OWN_MODULES,
      [`usr/lib/modules/${NEW}/modules.dep`]: `${KERNELS_OWN}updates/dkms/zfs.ko:\n`,
      [`usr/lib/modules/${NEW}/modules.builtin`]: 'kernel/drivers/block/drbd_transport_tcp.ko\n',
    }),
    [CURRENT],
  ],
  [
    'the running kernel is the installed one',
    arch({
      ...OWN_MODULES,
      'proc/sys/kernel/osrelease': `${NEW}\n`,
      [`usr/lib/modules/${NEW}/modules.dep`]: KERNELS_OWN,
    }),
    [CURRENT],
  ],
  [
    '/boot is no mount point of its own; mkinitcpio’s copy is current',
    arch({ 'boot/vmlinuz-linux': image(NEW) }),
    [`ok: /boot/vmlinuz-linux is linux ${NEW}`],
  ],
  [
    '/boot is mounted',
    arch({
      'boot/vmlinuz-linux': image(NEW),
      'etc/fstab': FSTAB,
      'proc/1/mountinfo': MOUNTED,
    }),
    ['ok: /boot is mounted', `ok: /boot/vmlinuz-linux is linux ${NEW}`],
  ],
  [
    '/boot is not mounted: what lies below it is not looked at',
    arch({ 'boot/vmlinuz-linux': image(NEW), 'etc/fstab': FSTAB }),
    ['wrong: /boot is in /etc/fstab, but not mounted'],
  ],
  [
    'a boot loader’s partition that is not mounted',
    arch({ 'boot/vmlinuz-linux': image(NEW), 'etc/fstab': 'LABEL=EFI /efi vfat noauto 0 0\n' }),
    ['warning: /efi is in /etc/fstab, but not mounted', `ok: /boot/vmlinuz-linux is linux ${NEW}`],
  ],
  [
    'the upgrade did not reach /boot',
    arch({ 'boot/vmlinuz-linux': image(OLD) }),
    [`wrong: /boot/vmlinuz-linux is ${OLD}, but linux ${NEW} is installed`],
  ],
  [
    'another build of the same release',
    arch({ 'boot/vmlinuz-linux': image(NEW, '#2 SMP') }),
    [`wrong: /boot/vmlinuz-linux is another build of ${NEW}, but linux ${NEW} is installed`],
  ],
  [
    'an image that was emptied',
    arch({ 'boot/vmlinuz-linux': '' }),
    [`wrong: /boot/vmlinuz-linux has no readable kernel, but linux ${NEW} is installed`],
  ],
  [
    'kernel-install’s copy',
    arch({ [`efi/0123456789abcdef/${NEW}/linux`]: image(NEW) }),
    [`ok: /efi/0123456789abcdef/${NEW}/linux is linux ${NEW}`],
  ],
  [
    'a unified image',
    arch({ 'efi/EFI/Linux/arch-linux.efi': unifiedImage(NEW) }),
    [`ok: /efi/EFI/Linux/arch-linux.efi is linux ${NEW}`],
  ],
  [
    'unified images of other kernels',
    arch({ 'efi/EFI/Linux/a.efi': unifiedImage(OLD), 'efi/EFI/Linux/b.efi': 'MZ' }),
    [
      `warning: no boot image of linux ${NEW} below /boot or /efi: /efi/EFI/Linux/a.efi is ${OLD}; /efi/EFI/Linux/b.efi cannot be read`,
    ],
  ],
  [
    'a unified image that the preset names, and that was not made anew',
    arch({
      'usr/bin/mkinitcpio': '',
      'etc/mkinitcpio.d/linux.preset':
        'PRESETS=(\'default\')\ndefault_uki="/efi/EFI/Linux/arch.efi"\n',
      'efi/EFI/Linux/arch.efi': unifiedImage(OLD),
    }),
    [`wrong: /efi/EFI/Linux/arch.efi is ${OLD}, but linux ${NEW} is installed`],
  ],
  [
    'a forgotten copy beside the one that the boot loader is told to start',
    arch({
      'boot/vmlinuz-linux': image(OLD),
      'boot/loader/entries/arch.conf': `linux /0123456789abcdef/${NEW}/linux\n`,
      [`boot/0123456789abcdef/${NEW}/linux`]: image(NEW),
    }),
    [
      `warning: /boot/vmlinuz-linux is ${OLD}, but linux ${NEW} is installed`,
      `ok: /boot/0123456789abcdef/${NEW}/linux is linux ${NEW}`,
    ],
  ],
  [
    'the boot loader is told to start the forgotten copy',
    arch({
      'boot/vmlinuz-linux': image(OLD),
      'boot/extlinux/extlinux.conf': 'LINUX ../vmlinuz-linux\n',
      [`boot/0123456789abcdef/${NEW}/linux`]: image(NEW),
    }),
    [
      `wrong: /boot/vmlinuz-linux is ${OLD}, but linux ${NEW} is installed`,
      `ok: /boot/0123456789abcdef/${NEW}/linux is linux ${NEW}`,
    ],
  ],
  [
    'a damaged copy',
    arch({ 'boot/vmlinuz-linux': bootImage('') }),
    [`wrong: /boot/vmlinuz-linux has no readable kernel, but linux ${NEW} is installed`],
  ],
  [
    'an initramfs that was not made',
    arch({ ...PRESET, 'boot/vmlinuz-linux': image(NEW) }),
    [
      `ok: /boot/vmlinuz-linux is linux ${NEW}`,
      'wrong: /boot/initramfs-linux.img of linux is missing or empty',
    ],
  ],
  [
    'an initramfs that is older than its kernel',
    arch({
      ...PRESET,
      'boot/vmlinuz-linux': image(NEW),
      'boot/initramfs-linux.img': { content: 'x', secondsOld: 300 },
      'var/lib/pacman/local/linux-6.9.1.arch1-1/desc': '%INSTALLDATE%\n9999999999\n',
    }),
    [
      `ok: /boot/vmlinuz-linux is linux ${NEW}`,
      'wrong: /boot/initramfs-linux.img is older than linux, which was installed later',
    ],
  ],
  [
    'the clock stepped back in mid-upgrade: the initramfs is as new as the image beside it',
    arch({
      ...PRESET,
      'boot/vmlinuz-linux': image(NEW),
      'boot/initramfs-linux.img': 'x',
      'var/lib/pacman/local/linux-6.9.1.arch1-1/desc': '%INSTALLDATE%\n9999999999\n',
    }),
    [`ok: /boot/vmlinuz-linux is linux ${NEW}`],
  ],
  [
    'mkinitcpio’s hook is disabled, and its preset is left over',
    arch({
      ...PRESET,
      'etc/pacman.d/hooks/90-mkinitcpio-install.hook': { link: '/dev/null' },
      'boot/vmlinuz-linux': image(NEW),
    }),
    [`ok: /boot/vmlinuz-linux is linux ${NEW}`],
  ],
  [
    'files that pacman is told to leave out',
    arm({
      'etc/pacman.conf':
        '[options]\nNoExtract = boot/dtbs/* !boot/dtbs/x.dtb\nNoExtract = boot/*.gz\n',
      'var/lib/pacman/local/linux-aarch64-6.2.10-1/files': `${ARM_FILES}boot/Image.gz\nboot/dtbs/y.dtb\n`,
      'boot/Image': arm64Image(ARM),
    }),
    [`ok: /boot/Image is linux-aarch64 ${ARM}`],
  ],
  [
    'times of FAT are hours off: the initramfs is as new as the image beside it',
    arch({
      ...PRESET,
      ...ON_FAT,
      'boot/vmlinuz-linux': image(NEW),
      'boot/initramfs-linux.img': 'x',
    }),
    ['ok: /boot is mounted', `ok: /boot/vmlinuz-linux is linux ${NEW}`],
  ],
  [
    'FAT: the initramfs is older than the image beside it',
    arch({
      ...PRESET,
      ...ON_FAT,
      'boot/vmlinuz-linux': image(NEW),
      'boot/initramfs-linux.img': { content: 'x', secondsOld: 300 },
    }),
    [
      'ok: /boot is mounted',
      `ok: /boot/vmlinuz-linux is linux ${NEW}`,
      'wrong: /boot/initramfs-linux.img is older than linux, which was installed later',
    ],
  ],
  [
    'an initramfs that no preset names is no more than a hint',
    arch({ 'boot/vmlinuz-linux': image(NEW), 'boot/initramfs-linux.img': '' }),
    [
      `ok: /boot/vmlinuz-linux is linux ${NEW}`,
      'warning: /boot/initramfs-linux.img of linux is missing or empty',
    ],
  ],
  [
    'no image anywhere',
    arch({ 'boot/vmlinuz-linux-lts': image(NEW) }),
    [`warning: no boot image of linux ${NEW} below /boot or /efi`],
  ],
  [
    'no boot image to compare with',
    hostTree(),
    ['ok: no kernel package with a boot image to compare'],
  ],
  [
    'Arch Linux ARM, current',
    arm({ 'boot/Image': arm64Image(ARM) }),
    [`ok: /boot/Image is linux-aarch64 ${ARM}`],
  ],
  [
    'Arch Linux ARM, an older image',
    arm({ 'boot/Image': arm64Image('6.2.9-1-aarch64-ARCH') }),
    [`wrong: /boot/Image is 6.2.9-1-aarch64-ARCH, but linux-aarch64 ${ARM} is installed`],
  ],
  [
    'Arch Linux ARM, no image',
    arm({}),
    ['wrong: /boot/Image of linux-aarch64 is missing or empty'],
  ],
  [
    'Arch Linux ARM, a compressed image',
    arm({
      'var/lib/pacman/local/linux-aarch64-6.2.10-1/files': ARM_FILES.replace(
        'Image',
        'kernel8.img',
      ),
      'boot/kernel8.img': 'x',
    }),
    ['ok: linux-aarch64 has its files in /boot'],
  ],
]

for (const [what, tree, lines] of CASES) {
  test(`boot: ${what}`, async () => assert.deepEqual(await said(boot, tree), lines))
}

const running = (release: string): Tree => ({ 'proc/sys/kernel/osrelease': `${release}\n` })
const {
  'var/lib/pacman/local/linux-6.9.1.arch1-1/files': _,
  'var/lib/pacman/local/linux-6.9.1.arch1-1/desc': __,
  ...NO_PACKAGE
} = hostTree()

const KERNELS: [what: string, tree: Tree, line: string][] = [
  ['the installed one runs', hostTree(), `ok: linux owns the running kernel ${NEW}`],
  [
    'a newer one is installed',
    hostTree(running(OLD)),
    `ok: kernel ${OLD} is running, linux ${NEW} is installed`,
  ],
  [
    'another one runs',
    hostTree({ ...running('6.1.0-custom'), 'usr/lib/modules/6.1.0-custom/kernel/x.ko': '' }),
    "warning: the running kernel 6.1.0-custom is no package's, and its modules are there",
  ],
  [
    'no package brings one',
    NO_PACKAGE,
    `warning: no kernel package is installed, so nothing tells whether ${NEW} is current; an upgrade of it is never seen`,
  ],
]

for (const [what, tree, line] of KERNELS) {
  test(`kernel: ${what}`, async () => assert.deepEqual(await said(kernel, tree), [line]))
}

test('fstab: comments, blanks in names, swap, short lines', () => {
  const text = `
  # /dev/x /boot vfat
/dev/a\t/mnt/a\\040b/   ext4  rw,noauto 0 0
/dev/b none swap sw 0 0
LABEL=x /boot
broken
`
  assert.deepEqual(parseFstab(text), [
    { mountPoint: '/mnt/a b', type: 'ext4', options: ['rw', 'noauto'] },
    { mountPoint: '/boot', type: '', options: [''] },
  ])
})
