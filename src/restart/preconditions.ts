import type { Config } from '../config/config.ts'
import { errorCode } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { databasePath, logPath, NO_CONF, readHostConf } from '../pacman/conf/conf.ts'
import { describeLock, readLock, readLockState, type Lock, type LockState } from '../pacman/lock.ts'
import { readLog } from '../pacman/log/log.ts'
import { ancestors } from '../proc/process.ts'
import { runSystemctl } from '../systemd/systemctl.ts'

/** Answers whether this is no moment for restarts, and why; undefined where nothing is in the way. */
export type Precondition = () => string | undefined

/**
 * What can be in the way: pacman at work, which is half-way through the files that services are to
 * be started from; after an upgrade, one that did not complete; a host that goes down.
 *
 * A run that an upgrade itself starts may find the lock held by the pacman that started it: its
 * PostTransaction hooks run under the lock, and after "transaction completed" is in the log.
 * [libalpm/trans.c, alpm_trans_commit]
 */
export function preconditions(
  host: Host,
  { staleLockAge, timeout }: Config,
  afterUpgrade: boolean,
): Precondition {
  const conf = readHostConf(host)
  const dbPath = databasePath(conf)
  const log = logPath(conf)
  // Only another pacman changes that later, and its lock is seen.
  const completed = !afterUpgrade || conf === NO_CONF || hasCompleted(host, log)
  return () => {
    const lock = readLock(host, dbPath)
    if (lock !== undefined) {
      const state = stateOf(host, lock, staleLockAge, new Deadline(timeout))
      const { holder } = state
      const ours = holder !== undefined && ancestors(host, process.pid).includes(holder)
      if (!afterUpgrade || !ours) return describeLock(state)
    }
    return completed ? undefined : `the last transaction in ${log} has not completed`
  }
}

/** Who holds a lock only root can see, and a dry run needs no root. */
function stateOf(host: Host, lock: Lock, staleAge: number, deadline: Deadline): LockState {
  try {
    return readLockState(host, lock, staleAge, deadline)
  } catch (error) {
    if (errorCode(error) === 'EACCES') return { state: 'held', path: lock.path }
    throw error
  }
}

/** Whether the last word on a transaction is that it is complete. [libalpm/trans.c] */
function hasCompleted(host: Host, path: string): boolean {
  const words = readLog(host, path).lines.filter(
    ({ source, text }) => source === 'ALPM' && text.startsWith('transaction '),
  )
  return words.at(-1)?.text === 'transaction completed'
}

/** Whether the host is going down: a unit that is started then would hold that up, or be lost. */
export function isGoingDown(timeoutMs: number): boolean {
  // The exit code tells "running" from all other states, the output which. [systemctl(1)]
  return runSystemctl(['is-system-running'], timeoutMs).stdout.toString().trim() === 'stopping'
}
