import { errorCode, ifThere, SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { runProgram } from '../host/program.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { isMasked } from '../pacman/hooks.ts'
import type { Kernel } from '../pacman/database/kernels.ts'

/** Where Arch has boot files: the EFI system partition is one of these, or below /boot. */
const DIRECTORIES = ['/boot', '/efi']

/**
 * The copies of a package's boot image: mkinitcpio's, by the package's name, or kernel-install's,
 * `<entry token>/<release>/linux`. [mkinitcpio's presets; kernel-install(8), layout bls]
 */
export function findCopies(host: Host, { package: name, release }: Kernel): string[] {
  const plain = listed(host, '/boot').includes(`vmlinuz-${name}`) ? [`/boot/vmlinuz-${name}`] : []
  const bls = DIRECTORIES.flatMap((directory) =>
    listed(host, directory).map((token) => `${directory}/${token}/${release}`),
  )
  const filled = bls.filter((directory) => listed(host, directory).includes('linux'))
  return [...plain, ...filled.map((directory) => `${directory}/linux`)]
}

/** The unified kernel images, whose names do not tell which kernel is inside. */
export function findUnified(host: Host): string[] {
  return DIRECTORIES.flatMap((directory) =>
    listed(host, `${directory}/EFI/Linux`)
      .filter((name) => name.endsWith('.efi'))
      .map((name) => `${directory}/EFI/Linux/${name}`),
  )
}

/**
 * The version text inside an x86 boot image: "6.9.1-arch1-1 (linux@archlinux) #1 SMP … <date>", whose end
 * is `uname -v` of the kernel in it. [Documentation/arch/x86/boot.rst, kernel_version]
 *
 * @param start where the image begins in the file
 * @returns undefined for any other file, such as the empty vmlinuz of linux-rpi
 * @throws SentinelError for an x86 image without such a text
 */
export function imageVersion(host: Host, path: string, start = 0): string | undefined {
  const header = host.readPart(path, start + 0x200, 0x10)
  if (header.toString('latin1', 2, 6) !== 'HdrS') return undefined
  const offset = header.length < 0x10 ? 0 : header.readUInt16LE(0x0e)
  if (offset === 0) return undefined
  const [text = ''] = host
    .readPart(path, start + 0x200 + offset, 256)
    .toString('latin1')
    .split('\0')
  // A damaged image is the last one to reboot into.
  if (!/^[0-9]\S* \(.*\) #/.test(text)) throw new SentinelError(`${path} is damaged`)
  return text
}

/**
 * imageVersion() of the kernel inside a unified image: a PE file with a section ".linux".
 * [systemd, Unified Kernel Image specification; PE format, section table]
 */
export function unifiedVersion(host: Host, path: string): string | undefined {
  const head = host.readPart(path, 0, 4096)
  const pe = head.length >= 0x40 ? head.readUInt32LE(0x3c) : head.length
  if (pe + 24 > head.length || head.toString('latin1', pe, pe + 4) !== 'PE\0\0') return undefined
  const sections = pe + 24 + head.readUInt16LE(pe + 20)
  for (let at = sections; at < sections + 40 * head.readUInt16LE(pe + 6); at += 40) {
    if (at + 40 > head.length) return undefined
    const name = head.toString('latin1', at, at + 8).replace(/\0+$/, '')
    if (name === '.linux') return imageVersion(host, path, head.readUInt32LE(at + 20))
  }
  return undefined
}

/**
 * The release in an uncompressed arm64 image, which contains the kernel's banner:
 * "Linux version 6.2.10-1-aarch64-ARCH (…". [init/version-timestamp.c, linux_banner]
 */
export function arm64Release(host: Host, path: string, deadline: Deadline): string | undefined {
  const args = ['-a', '-o', '-m', '1', '-e', 'Linux version [0-9][^ ]*', '--', host.path(path)]
  const ended = runProgram('/usr/bin/grep', args, { timeoutMs: deadline.left() / 2 })
  return /^Linux version (\S+)/.exec(ended.stdout.toString())?.[1]
}

/**
 * What boot loaders are told to start: the text of their configuration, as far as there is any.
 * [systemd-boot, GRUB, extlinux, U-Boot, Limine, rEFInd; the Raspberry Pi's config.txt]
 */
export function readLoaderConfigs(host: Host): string {
  const entries = DIRECTORIES.flatMap((directory) =>
    listed(host, `${directory}/loader/entries`).map(
      (name) => `${directory}/loader/entries/${name}`,
    ),
  )
  const others = [
    '/boot/grub/grub.cfg',
    '/boot/extlinux/extlinux.conf',
    '/boot/syslinux/syslinux.cfg',
    '/boot/boot.ini',
    '/boot/boot.txt',
    '/boot/config.txt',
    '/boot/limine.conf',
    '/boot/refind_linux.conf',
  ]
  return [...entries, ...others].map((path) => readShort(host, path)).join('\n')
}

/** What an mkinitcpio preset says about a kernel; undefined where it says nothing. */
export interface Preset {
  /** a path of its boot image */
  kernel?: string
  initramfs?: string
  unified?: string
}

/**
 * Reads a kernel's preset. It is a shell script of assignments; what is more than that is not
 * understood, and says nothing. Only the preset "default" counts. [mkinitcpio(8), presets] Where its
 * hook is disabled, something else makes the images, such as dracut or kernel-install.
 */
export function readPreset(host: Host, conf: PacmanConf, name: string): Preset {
  if (host.stat('/usr/bin/mkinitcpio') === undefined) return {}
  if (isMasked(host, conf, '90-mkinitcpio-install.hook')) return {}
  const values = new Map<string, string>()
  for (const line of readShort(host, `/etc/mkinitcpio.d/${name}.preset`).split('\n')) {
    const [, key, value] =
      /^\s*(\w+)=(["']?)(\/[^"'$\s]*)\2\s*(?:#.*)?$/.exec(line)?.toSpliced(2, 1) ?? []
    if (key !== undefined && value !== undefined) values.set(key, value)
  }
  const [kernel, initramfs, unified] = [
    values.get('default_kver') ?? values.get('ALL_kver'),
    values.get('default_image'),
    values.get('default_uki'),
  ]
  return {
    ...(kernel !== undefined && { kernel }),
    ...(initramfs !== undefined && { initramfs }),
    ...(unified !== undefined && { unified }),
  }
}

/** In bytes: a grub.cfg with many entries. */
const SHORT = 2 ** 20

function readShort(host: Host, path: string): string {
  try {
    return ifThere(() => host.readText(path, SHORT)) ?? ''
  } catch {
    return ''
  }
}

function listed(host: Host, directory: string): string[] {
  try {
    return host.list(directory)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}
