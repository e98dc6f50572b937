/** A kernel in the layout of Arch Linux ARM's linux-aarch64, for a machine that is none. */
import { basename } from 'node:path'
import type { PackageRecipe } from '../lab/package.ts'
import type { KernelPackage } from './tools.ts'

/**
 * The package owns /boot/Image, and has neither vmlinuz nor pkgbase. An arm64 image is not compressed,
 * so the kernel's banner can be read in it; behind an x86 one it does no harm. The hook and the preset
 * are that package's own too, but the stand-in for mkinitcpio wants an image where Arch Linux ARM's
 * preset has a release.
 *
 * @param version of the package, where its kernel is not to count as older
 */
export function boardKernel({ release, file }: KernelPackage, version: string): PackageRecipe {
  return {
    name: 'linux-aarch64',
    version,
    lines: [
      "options=('!strip')",
      "provides=('linux')",
      "conflicts=('linux')",
      "replaces=('linux')",
    ],
    files: {
      '/etc/mkinitcpio.d/linux-aarch64.preset': `ALL_kver=/boot/Image
PRESETS=(default)
default_image=/boot/initramfs-linux.img
`,
      '/usr/share/libalpm/hooks/90-linux.hook': `[Trigger]
Type = Path
Operation = Install
Operation = Upgrade
Target = boot/Image
[Action]
Description = Updating linux-aarch64 initcpios...
When = PostTransaction
Exec = /usr/bin/mkinitcpio -p linux-aarch64
`,
    },
    package: `bsdtar -xf ${KERNELS}/${basename(file)} -C "$pkgdir" usr
modules=$pkgdir/usr/lib/modules/${release}
install -Dm644 "$modules/vmlinuz" "$pkgdir/boot/Image"
echo 'Linux version ${release} (' >>"$pkgdir/boot/Image"
rm "$modules/vmlinuz" "$modules/pkgbase"`,
  }
}

/** Where set-up's kernel packages are while packages are built. */
export const KERNELS = '/kernels'
