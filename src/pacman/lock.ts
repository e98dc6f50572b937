import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { Namespaces } from '../proc/namespaces.ts'
import { isRoots, listPids, readMembership, unlessGone } from '../proc/process.ts'

export interface Lock {
  path: string
  /** ms since 1970, by the clock of the moment it was made */
  madeAt: number
}

/**
 * pacman's lock. Anything at its path, even a directory, keeps pacman from starting, and pacman
 * holds it while hooks and scriptlets run. [libalpm/handle.c, _alpm_handle_lock]
 */
export function readLock(host: Host, dbPath: string): Lock | undefined {
  if (host.lstat(dbPath) === undefined) return undefined
  // Where a link leads is what /proc calls an open file.
  const path = `${host.realPath(dbPath)}/db.lck`
  const found = host.lstat(path)
  return found === undefined ? undefined : { path, madeAt: found.mtimeMs }
}

/**
 * The process of this host that has the lock open: pacman keeps the descriptor as long as it holds
 * the lock, and is root's. A container's own lock has the same path and is another file.
 *
 * @returns its PID, or undefined
 * @throws the system error where root's descriptors cannot be read; SentinelError out of time
 */
export function findHolder(host: Host, path: string, deadline: Deadline): number | undefined {
  const namespaces = new Namespaces(host)
  return listPids(host).find((pid) => {
    if (!isRoots(host, pid)) return false
    const holds = () =>
      readMembership(host, pid)?.container === false &&
      hasOpen(host, pid, path, deadline) &&
      namespaces.meansTheSame(pid, path)
    return unlessGone(host, pid, holds) === true
  })
}

function hasOpen(host: Host, pid: number, path: string, deadline: Deadline): boolean {
  const directory = `/proc/${pid}/fd`
  return host.list(directory).some((fd) => {
    if (deadline.left() === 0)
      throw new SentinelError('out of time, looking for who holds the lock')
    try {
      return host.readLink(`${directory}/${fd}`) === path
    } catch {
      return false // closed meanwhile
    }
  })
}
