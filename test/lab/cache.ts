/** Where the lab keeps what is made once: the node's base tree and the newest Node. */
import { createHash } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

const suite = 'trixie'

/** Debian's own pacman and systemd 257, and what tests build and look into a node with. */
const packages = `
  systemd systemd-sysv dbus kmod udev procps ca-certificates
  pacman-package-manager makepkg libarchive-tools fakeroot file
  gcc libc6-dev nodejs lsof needrestart
`
  .trim()
  .split(/\s+/)

/**
 * Run once in the finished tree. What debootstrap copied of this machine's names goes again.
 * makepkg refuses to run as root, so it gets a user of its own; pacman downloads as `alpm`
 * (DownloadUser, as on Arch). Marking /etc and /var as updated spares every boot ldconfig.service
 * and its like (ConditionNeedsUpdate=).
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

/** Everything the lab keeps lies below this directory, outside the checkout. */
export const cache = process.env['KURED_SENTINEL_LAB'] ?? '/var/cache/kured-sentinel-lab'

/** Where the tree of a recipe is. A new recipe gets a new name, so an old tree is never reused. */
export function treeOf(name: string, recipe: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(recipe)).digest('hex')
  return join(cache, `${name}-${digest.slice(0, 12)}`)
}

/** A node's read-only lower layer. */
export const baseTree = treeOf('base', node)

/** Debian's name of this machine's architecture: a node's processor is the machine's own. */
export const debianArchitecture = process.arch === 'x64' ? 'amd64' : process.arch

/** The npm package that carries Node's own binary, and where set-up installs it. */
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
