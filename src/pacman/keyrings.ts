import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { runProgram } from '../host/program.ts'
import { type InstalledPackage, listInstalled, packagesOwning } from './database/local.ts'

/** Where pacman-key --populate finds the keys of a package. [pacman-key(8)] */
const KEYRINGS = 'usr/share/pacman/keyrings/'

/**
 * The installed packages of keys for pacman, such as archlinux-keyring. What they own tells, as
 * other packages have such names too: gnome-keyring, python-keyring.
 */
export function listKeyrings(host: Host, dbPath: string, deadline: Deadline): InstalledPackage[] {
  return packagesOwning(host, dbPath, listInstalled(host, dbPath), [KEYRINGS], deadline)
}

/** A keyring of which the sync databases have a newer version. */
export interface OfferedKeyring {
  name: string
  isIgnored: boolean
}

/**
 * The keyrings of which there are newer versions, by pacman, which needs no lock for that.
 *
 * @param dbPath where its databases are, if not where the configuration says
 */
export function askOfferedKeyrings(
  keyrings: readonly InstalledPackage[],
  pacmanConf: string,
  deadline: Deadline,
  dbPath?: string,
): OfferedKeyring[] {
  if (keyrings.length === 0) return []
  const names = keyrings.map(({ name }) => name)
  const from = dbPath === undefined ? [] : ['--dbpath', dbPath]
  const args = ['-Qu', '--color', 'never', '--config', pacmanConf, ...from, '--', ...names]
  const ended = runProgram('/usr/bin/pacman', args, { timeoutMs: deadline.left() })
  // "archlinux-keyring 20240101-1 -> 20240609-1 [ignored]"
  return [...ended.stdout.toString().matchAll(/^(\S+) \S+ -> \S+( \[ignored\])?$/gm)].map(
    ([, name = '', ignored]) => ({ name, isIgnored: ignored !== undefined }),
  )
}
