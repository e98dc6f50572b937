/** What emulated machines are made of, and where set-up puts it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, node, treeOf } from '../lab/cache.ts'
import { labProblem } from '../lab/lab.ts'

export const EMULATOR = 'qemu-system-x86_64'
const GUEST = join(import.meta.dirname, 'guest')

/**
 * The guest's files: source in guest/, path in the guest, mode. The names of mkinitcpio's script and
 * hooks are Arch's.
 */
export const guestFiles = [
  ['agent', 'usr/local/lib/machine/agent', 0o755],
  ['agent.service', 'etc/systemd/system/agent.service', 0o644],
  ['init', 'usr/local/lib/machine/init', 0o755],
  ['mkinitcpio', 'usr/bin/mkinitcpio', 0o755],
  ['alpm-mkinitcpio', 'usr/share/libalpm/scripts/mkinitcpio', 0o755],
  ['60-mkinitcpio-remove.hook', 'usr/share/libalpm/hooks/60-mkinitcpio-remove.hook', 0o644],
  ['90-mkinitcpio-install.hook', 'usr/share/libalpm/hooks/90-mkinitcpio-install.hook', 0o644],
  ['linux.preset', 'etc/mkinitcpio.d/linux.preset', 0o644],
  ['extlinux.conf', 'boot/extlinux/extlinux.conf', 0o644],
  ['lan.network', 'etc/systemd/network/50-lan.network', 0o644],
].map(([source, target, mode]) => ({
  source: join(GUEST, String(source)),
  target: String(target),
  mode: Number(mode),
}))

/** The tree without our files. */
export const machine = {
  suite: node.suite,
  packages: [...node.packages, 'nfs-common', 'nfs-kernel-server', 'busybox-static'],
  finish: node.finish,
}

/** Run once in the disk's tree, with our files. NFS runs only where a test starts it. */
export const PREPARE = `
systemctl disable --quiet nfs-server.service rpcbind.service rpcbind.socket nfs-blkmap.service
systemctl mask --quiet getty@tty1.service serial-getty@ttyS0.service fstrim.timer
systemctl mask --quiet dpkg-db-backup.timer systemd-pstore.service
systemctl enable --quiet systemd-networkd.service agent.service
mkdir -p /srv/goods
printf '%s\\n' '/dev/vda / ext4 rw,noatime 0 0' '/dev/vdb /srv/goods ext4 ro,nofail 0 0' >/etc/fstab
pacman -U --noconfirm /linux.pkg.tar.gz
rm /linux.pkg.tar.gz
`

/** Modules that no guest needs. */
export const UNUSED_MODULES = ['gpu', 'infiniband', 'media', 'scsi', 'net/ethernet', 'nvme', 'hv']

/** extlinux does not read an ext4 with these features. */
export const MKE2FS = ['-q', '-t', 'ext4', '-O', '^64bit,^metadata_csum', '-F']
export const DISK_SIZE = '4G'

export const machineBaseTree = treeOf('machine-base', machine)
export const machineTree = treeOf('machine', [
  machine,
  PREPARE,
  UNUSED_MODULES,
  MKE2FS,
  DISK_SIZE,
  ...guestFiles.map(({ source, target, mode }) => [readFileSync(source, 'utf8'), target, mode]),
])

/** The disk with the older kernel, and the file that describes both kernels' packages. */
export const ROOT_DISK = join(machineTree, 'root.img')
const KERNELS = join(machineTree, 'kernels.json')

/** A kernel package that set-up has made. */
export interface KernelPackage {
  release: string
  version: string
  /** its path on this machine */
  file: string
}

/** The installed kernel, and a newer one. */
export function readKernels(): [KernelPackage, KernelPackage] {
  return JSON.parse(readFileSync(KERNELS, 'utf8'))
}

/** Only Debian has the kernels, and only there is set-up's boot loader. */
export function isSupported(): boolean {
  return process.arch === 'x64' && findProgram('apt-get') !== undefined
}

/** Why this machine cannot emulate others; undefined when it can. */
export function machineProblem(): string | undefined {
  if (!isSupported()) return 'emulated machines need an x86_64 Debian, for its kernels'
  const missing = [EMULATOR, 'qemu-img', 'mke2fs'].find((name) => findProgram(name) === undefined)
  if (missing !== undefined) return `${missing} is missing: npm run test:setup`
  if (!existsSync(ROOT_DISK)) return `${ROOT_DISK} is missing: npm run test:setup`
  return labProblem()
}
