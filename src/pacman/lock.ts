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

/** What a lock means: pacman is at work, or it was ended half-way and a person must look. */
export interface LockState {
  state: 'held' | 'stale'
  path: string
  /** the PID of the process that has it open; undefined: none has, or only root could see */
  holder?: number
  /** how one knows that it is stale: "it is older than this boot" */
  why?: string
}

/** All that the judgement of a lock rests on. Times in ms. */
interface LockEvidence {
  lock: Lock
  holder: number | undefined
  now: number
  bootedAt: number
}

/**
 * Looks at a lock that is there.
 *
 * @param staleAge in ms; see judgeLock()
 * @throws the system error where root's descriptors cannot be read; SentinelError out of time
 */
export function readLockState(
  host: Host,
  lock: Lock,
  staleAge: number,
  deadline: Deadline,
): LockState {
  const now = host.now()
  const holder = findHolder(host, lock.path, deadline)
  return judgeLock({ lock, holder, now, bootedAt: now - host.uptime() * 1000 }, staleAge)
}

/**
 * A lock that nobody has open, and that is older than this boot or than `staleAge`, is stale. Neither
 * state allows a reboot, so a clock that steps can only turn the one into the other.
 */
function judgeLock(
  { lock: { path, madeAt }, holder, now, bootedAt }: LockEvidence,
  staleAge: number,
): LockState {
  if (holder !== undefined) return { state: 'held', path, holder }
  const why = whyStale(madeAt, now, bootedAt, staleAge)
  return why === undefined ? { state: 'held', path } : { state: 'stale', path, why }
}

/** A minute in the future: written before a clock without a battery was set back by a boot. */
const AHEAD = 60_000

function whyStale(
  madeAt: number,
  now: number,
  bootedAt: number,
  staleAge: number,
): string | undefined {
  if (madeAt < bootedAt) return 'it is older than this boot'
  if (madeAt > now + AHEAD) return 'it is dated in the future'
  if (now - madeAt > staleAge) return `it is ${Math.floor((now - madeAt) / 60_000)} minutes old`
  return undefined
}

/** The state in words: "pacman is at work: PID 812 holds /var/lib/pacman/db.lck" */
export function describeLock({ state, path, holder, why }: LockState): string {
  if (state === 'stale') return `stale lock ${path}: nobody has it open and ${why}`
  return `pacman is at work: ${holder === undefined ? `${path} is there` : `PID ${holder} holds ${path}`}`
}

/** What to do about a stale lock. */
export const STALE_LOCK_ADVICE =
  'look at pacman.log, repair what was ended half-way, then remove it'

/**
 * The process of this host that has the lock open: pacman keeps the descriptor as long as it holds
 * the lock, and is root's. A container's own lock has the same path and is another file.
 *
 * @returns its PID, or undefined
 * @throws the system error where root's descriptors cannot be read; SentinelError out of time
 */
function findHolder(host: Host, path: string, deadline: Deadline): number | undefined {
  const namespaces = new Namespaces(host, [path])
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
