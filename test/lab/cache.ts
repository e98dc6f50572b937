/** The lab's cache: the node's base tree, the newest Node, and other things made once. */
import { createHash } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

const suite = 'trixie'

/** Debian's pacman and systemd 257, and the tools with which tests build and inspect. */
const packages = `
  systemd systemd-sysv dbus kmod udev procps ca-certificates
  pacman-package-manager makepkg libarchive-tools fakeroot file
  gcc libc6-dev nodejs lsof needrestart
`
  .trim()
  .split(/\s+/)

/**
 * Run once in the finished tree. Removes this machine's names, which debootstrap copied. makepkg
 * refuses to run as root and gets its own user; pacman downloads as `alpm` (DownloadUser, as on
 * Arch). With /etc and /var marked as updated, ldconfig.service and the like do not run at each
 * boot (ConditionNeedsUpdate=).
 */
const finish = `
useradd --create-home --shell /bin/sh builder
useradd --system --home-dir / --shell /usr/sbin/nologin alpm
rm -f /etc/hostname /etc/hosts /etc/resolv.conf
systemctl mask --quiet console-getty.service apt-daily.timer apt-daily-upgrade.timer
ldconfig
/usr/lib/systemd/systemd-update-done
`

export const node = { suite, packages, finish }

/** The directory of the lab's cache, outside the checkout. */
export const cache = process.env['KURED_SENTINEL_LAB'] ?? '/var/cache/kured-sentinel-lab'

/** The path of a recipe's tree. A new recipe gets a new name, so that no old tree is reused. */
export function treeOf(name: string, recipe: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(recipe)).digest('hex')
  return join(cache, `${name}-${digest.slice(0, 12)}`)
}

/** A node's read-only lower layer. */
export const baseTree = treeOf('base', node)

/** Debian's name of this machine's architecture, which is also the node's. */
export const debianArchitecture = process.arch === 'x64' ? 'amd64' : process.arch

/** The npm package with Node's own binary, and where set-up installs it. */
export const newestNode = {
  package: `node-linux-${process.arch}`,
  major: '26',
  directory: join(cache, 'node-26'),
  bin: join(cache, 'node-26', 'node_modules', `node-linux-${process.arch}`, 'bin'),
}

/** The full path of a program in PATH (and the sbin directories), if there is one. */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin']
  return directories.map((directory) => join(directory, name)).find(isExecutable)
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
