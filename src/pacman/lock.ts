import { dirname } from 'node:path'
import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { Namespaces } from '../proc/namespaces.ts'
import { isRoots, listPids, readMembership, unlessGone } from '../proc/process.ts'

export interface Lock {
  path: string
  /** ms since 1970, by the host's clock at that time */
  madeAt: number
}

/**
 * pacman's lock. Anything at its path, even a directory, keeps pacman from starting, and pacman
 * holds it while hooks and scriptlets run. [libalpm/handle.c, _alpm_handle_lock]
 */
export function readLock(host: Host, dbPath: string): Lock | undefined {
  if (host.lstat(dbPath) === undefined) return undefined
  // /proc names an open file by its real path.
  const path = `${host.realPath(dbPath)}/db.lck`
  const found = host.lstat(path)
  return found === undefined ? undefined : { path, madeAt: found.mtimeMs }
}

/** held: pacman is at work. stale: pacman was interrupted, and a person must look. */
export interface LockState {
  state: 'held' | 'stale'
  path: string
  /** the PID of the process that has it open; undefined: none has, or only root could see */
  holder?: number
  /** why it is stale: "it is older than this boot" */
  why?: string
  /** whether nobody can still be at work with it: older than this boot, or its pacman has ended */
  abandoned?: boolean
}

/** The evidence about a lock. Times in ms. */
interface LockEvidence {
  lock: Lock
  holder: number | undefined
  now: number
  bootedAt: number
  /** see noteLeftLock() */
  isLeft: boolean
}

/**
 * Judges an existing lock.
 *
 * @param staleAge in ms; see judgeLock()
 * @throws the system error if descriptors of root's processes cannot be read; SentinelError if time
 * runs out
 */
export function readLockState(
  host: Host,
  lock: Lock,
  staleAge: number,
  deadline: Deadline,
): LockState {
  const now = host.now()
  const holder = findHolder(host, lock.path, deadline)
  const bootedAt = now - host.uptime() * 1000
  return judgeLock({ lock, holder, now, bootedAt, isLeft: wasLeft(host, lock) }, staleAge)
}

/** Which lock a run has left whose end systemd has seen; it is gone with the boot. */
const LEFT_FILE = '/run/kured-sentinel/left-lock'

/**
 * Notes that this lock was left by a pacman that has ended: nobody need wait for it to grow old.
 *
 * @param lock read after systemd saw the end
 */
export function noteLeftLock(host: Host, lock: Lock): void {
  host.makeDirectory(dirname(LEFT_FILE))
  host.write(LEFT_FILE, host.state(lock.path) ?? '')
}

/** Whether it is the very file that was left, and no later lock at the same path. */
function wasLeft(host: Host, lock: Lock): boolean {
  try {
    return host.readText(LEFT_FILE) === host.state(lock.path)
  } catch {
    return false
  }
}

/**
 * A lock that no process has open is stale if it is older than this boot or than `staleAge`.
 * Neither state allows a reboot, so a clock that steps does no harm.
 */
function judgeLock(
  { lock: { path, madeAt }, holder, now, bootedAt, isLeft }: LockEvidence,
  staleAge: number,
): LockState {
  if (holder !== undefined) return { state: 'held', path, holder }
  const why = isLeft ? LEFT : whyStale(madeAt, now, bootedAt, staleAge)
  if (why === undefined) return { state: 'held', path }
  return { state: 'stale', path, why, abandoned: isLeft || madeAt < bootedAt }
}

/** Why a lock is stale whose pacman has ended. */
const LEFT = 'its pacman was killed'

/** In ms. A lock this far in the future: a boot has set back a clock that has no battery. */
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
export const STALE_LOCK_ADVICE = 'kured-sentinel repair'

/**
 * The process of this host that has the lock open: pacman keeps the descriptor as long as it holds
 * the lock, and runs as root. A container's own lock has the same path, but is another file.
 *
 * @returns its PID, or undefined
 * @throws as readLockState() does
 */
function findHolder(host: Host, path: string, deadline: Deadline): number | undefined {
  const namespaces = new Namespaces(host, [path])
  return listPids(host).find((pid) => {
    if (!isRoots(host, pid)) return false
    const holds = () =>
      readMembership(host, pid)?.container === false &&
      hasOpen(host, pid, (target) => target === path, deadline) &&
      namespaces.meansTheSame(pid, path)
    return unlessGone(host, pid, holds) === true
  })
}

/**
 * Any process with a lock file of pacman open, also in a container: this host's database may be
 * mounted there.
 *
 * @returns as findHolder() does, and throws
 */
export function findAnyHolder(host: Host, deadline: Deadline): number | undefined {
  const holds = (pid: number) =>
    hasOpen(host, pid, (target) => target.endsWith('/db.lck'), deadline)
  return listPids(host).find((pid) => unlessGone(host, pid, () => holds(pid)) === true)
}

function hasOpen(
  host: Host,
  pid: number,
  isLock: (target: string) => boolean,
  deadline: Deadline,
): boolean {
  const directory = `/proc/${pid}/fd`
  return host.list(directory).some((fd) => {
    if (deadline.left() === 0)
      throw new SentinelError('out of time while looking for the process that holds the lock')
    try {
      return isLock(host.readLink(`${directory}/${fd}`))
    } catch {
      return false // closed in the meantime
    }
  })
}
