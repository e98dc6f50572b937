import type { Host } from './host.ts'
import { directoriesAbove } from './owner.ts'

/** Group and others may write. [inode(7)] */
const GROUP = 0o020
const OTHERS = 0o002

/**
 * Why another user than root, or the caller, could put other files into a directory, or another
 * directory into its place.
 *
 * @param path absolute, and of the host
 * @returns the reason with what to do, in one line; undefined if there is none
 */
export function refuseDirectory(host: Host, path: string): string | undefined {
  for (const each of [...directoriesAbove(path).toReversed(), path]) {
    const reason = refuseOne(host, each)
    if (reason !== undefined) return `${host.path(each)} ${reason}`
  }
  return undefined
}

function refuseOne(host: Host, path: string): string | undefined {
  const found = host.lstat(path)
  if (found === undefined) return 'is missing: make it, as root, with mode 755'
  if (found.isSymbolicLink()) return 'is a link: name the directory that it leads to'
  if (!found.isDirectory()) return 'is no directory'
  if (found.uid !== 0 && found.uid !== process.geteuid?.()) {
    return `belongs to user ${found.uid}, who could put another file there: chown root it`
  }
  const isOpen = (found.mode & OTHERS) !== 0 || ((found.mode & GROUP) !== 0 && found.gid !== 0)
  return isOpen ? 'can be written by other users: chmod go-w it' : undefined
}
