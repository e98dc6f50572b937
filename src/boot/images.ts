import { errorCode } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'
import type { Kernel } from '../pacman/database/kernels.ts'
import type { DoctorContext } from './line.ts'

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

/** Whether there are unified kernel images, whose names do not tell which kernel is inside. */
export function hasUnifiedImage(host: Host): boolean {
  return DIRECTORIES.some((directory) =>
    listed(host, `${directory}/EFI/Linux`).some((name) => name.endsWith('.efi')),
  )
}

/**
 * The release in an uncompressed arm64 image, which contains the kernel's banner:
 * "Linux version 6.2.10-1-aarch64-ARCH (…". [init/version-timestamp.c, linux_banner]
 */
export async function arm64Release(
  { host, deadline }: DoctorContext,
  path: string,
): Promise<string | undefined> {
  const args = ['-a', '-o', '-m', '1', '-e', 'Linux version [0-9][^ ]*', '--', host.path(path)]
  const ended = await awaitProgram('/usr/bin/grep', args, { timeoutMs: deadline.left() / 2 })
  return /^Linux version (\S+)/.exec(ended.stdout.toString())?.[1]
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
