import { spawnSync } from 'node:child_process'
import { closeSync, constants, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SentinelError } from '../errors.ts'
import { isRoot } from './caller.ts'
import { PROGRAM_ENVIRONMENT } from './program.ts'

/**
 * Runs `body` under an exclusive lock on a directory. Not for the check of every minute: it may
 * wait.
 *
 * Node has no flock(2). The lock belongs to the open file, not to the process that takes it: so
 * flock(1) takes it on our descriptor and exits, and the lock lasts until we close the descriptor,
 * or the kernel does because we were killed. [flock(2), flock(1)] The lock is on the directory and
 * not on a file: a directory stays the same when a file in it is replaced, needs no lock file, and
 * a descriptor for reading is enough.
 *
 * @param directory a path of this machine
 * @throws SentinelError when the time is up; the system error when the directory does not exist
 */
export function withFlock<T>(directory: string, timeoutMs: number, body: () => T): T {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    take(fd, directory, timeoutMs)
    return body()
  } finally {
    closeSync(fd)
  }
}

/** Below a directory that only root can enter: who can open a directory can lock it. [flock(2)] */
const ROOT_LOCKS = '/run/kured-sentinel/locks'

/**
 * Runs `body` while no other run on this machine does something of that name. For root nobody else
 * can hold that up.
 *
 * @param beside the directory to lock where this program does not run as root, and changes only what
 *   its user may change
 * @throws as withFlock() does
 */
export function runAlone<T>(name: string, beside: string, timeoutMs: number, body: () => T): T {
  // Where the directory is missing, the body says so in its own words.
  if (!isRoot()) return existsSync(beside) ? withFlock(beside, timeoutMs, body) : body()
  return withFlock(makeRootLock(name), timeoutMs, body)
}

/**
 * Runs `body` while no other run on this machine does something of that name.
 *
 * @param beside as of runAlone(), and there; where only root gets here, it is left out
 * @throws as withFlock() does
 */
export async function awaitAlone<T>(
  name: string,
  timeoutMs: number,
  body: () => Promise<T>,
  beside?: string,
): Promise<T> {
  const directory = beside === undefined || isRoot() ? makeRootLock(name) : beside
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    take(fd, directory, timeoutMs)
    return await body()
  } finally {
    closeSync(fd)
  }
}

function makeRootLock(name: string): string {
  // The parent as systemd-tmpfiles makes it.
  mkdirSync(dirname(ROOT_LOCKS), { recursive: true, mode: 0o755 })
  mkdirSync(join(ROOT_LOCKS, name), { recursive: true, mode: 0o700 })
  return join(ROOT_LOCKS, name)
}

function take(fd: number, directory: string, timeoutMs: number): void {
  // flock(1) refuses a time of 0
  const seconds = (Math.max(1, timeoutMs) / 1000).toFixed(3)
  const args = ['--exclusive', '--timeout', seconds, '--conflict-exit-code', '75', '3']
  const ended = spawnSync('/usr/bin/flock', args, {
    cwd: '/',
    env: PROGRAM_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe', fd],
    timeout: timeoutMs + 5_000,
    killSignal: 'SIGKILL',
  })
  if (ended.status === 0) return
  if (ended.status === 75) {
    throw new SentinelError(
      `${directory} has been locked by another run for more than ${seconds} s: see lslocks`,
    )
  }
  const cause = ended.error ?? new Error(ended.stderr.toString().trim() || 'it was killed')
  throw new SentinelError(`${directory} could not be locked`, { cause })
}
