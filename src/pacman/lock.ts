import type { Host } from '../host/host.ts'
import { location } from '../process/mountinfo.ts'
import { listPids, readHostView, readProcess, unlessGone, Views } from '../process/process.ts'

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
 * the lock. A container's own lock has the same path and is another file.
 *
 * @returns its PID, or undefined
 * @throws the system error where a process's descriptors cannot be read
 */
export function findHolder(host: Host, path: string): number | undefined {
  const views = new Views(host)
  const ours = readHostView(host).mountOf(path)
  return listPids(host).find((pid) => {
    const mounts = unlessGone(host, pid, () => openedOn(host, pid, path)) ?? []
    const process = mounts.length > 0 ? readProcess(host, pid, views) : undefined
    if (process === undefined || process.container || ours === undefined) return false
    const theirs = process.view.mountOf(path)
    const samePlace = theirs !== undefined && location(theirs, path) === location(ours, path)
    return mounts.some((id) => id === ours.id || (samePlace && id === theirs.id))
  })
}

/** O_PATH in the flags of fdinfo: whoever has that has not opened the file, and needs no right to. */
const ONLY_PATH = 0o10000000

/**
 * The mounts on which a process has a file of that name open: on one that was detached the name
 * begins at its own root, so that anybody can have a "/var/lib/pacman/db.lck".
 * [proc_pid_fdinfo(5), mnt_id]
 */
function openedOn(host: Host, pid: number, path: string): string[] {
  const directory = `/proc/${pid}`
  return host.list(`${directory}/fd`).flatMap((fd) => {
    try {
      if (host.readLink(`${directory}/fd/${fd}`) !== path) return []
      const info = host.readText(`${directory}/fdinfo/${fd}`)
      const flags = /^flags:\s*(\d+)$/m.exec(info)?.[1] ?? ''
      const mount = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1]
      return mount === undefined || (Number.parseInt(flags, 8) & ONLY_PATH) !== 0 ? [] : [mount]
    } catch {
      return [] // closed meanwhile
    }
  })
}
