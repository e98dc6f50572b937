import type { Host } from '../host/host.ts'
import { location, type View } from '../process/mountinfo.ts'
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
  const hostView = readHostView(host)
  const place = (view: View) => {
    const mount = view.mountOf(path)
    return mount && location(mount, path)
  }
  return listPids(host).find((pid) => {
    const opens = unlessGone(host, pid, () => hasOpen(host, pid, path))
    const process = opens ? readProcess(host, pid, views) : undefined
    return process && !process.container && place(process.view) === place(hostView)
  })
}

/** O_PATH in the flags of fdinfo: whoever has that has not opened the file, and needs no right to. */
const ONLY_PATH = 0o10000000

function hasOpen(host: Host, pid: number, path: string): boolean {
  const directory = `/proc/${pid}`
  return host.list(`${directory}/fd`).some((fd) => {
    try {
      if (host.readLink(`${directory}/fd/${fd}`) !== path) return false
      const flags = /^flags:\s*(\d+)$/m.exec(host.readText(`${directory}/fdinfo/${fd}`))?.[1] ?? ''
      return (Number.parseInt(flags, 8) & ONLY_PATH) === 0
    } catch {
      return false // closed meanwhile
    }
  })
}
