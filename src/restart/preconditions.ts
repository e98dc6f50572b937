import { errorCode } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { databasePath, NO_CONF } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { describeLock, readLock, readLockState, type Lock, type LockState } from '../pacman/lock.ts'
import { readLog } from '../pacman/log/log.ts'
import { ancestors } from '../proc/process.ts'
import { askGoingDown } from '../systemd/going-down.ts'
import type { RestartPlace } from './plan.ts'

/** Says why nothing may be restarted now; undefined when restarts are possible. */
export type Precondition = () => string | undefined

/**
 * Restarts are not possible while pacman runs, because it is replacing the files of services; nor,
 * after an upgrade, if its transaction did not complete.
 *
 * If an upgrade starts this command, the lock may belong to that very pacman: PostTransaction hooks
 * run under the lock, after pacman has logged "transaction completed". [libalpm/trans.c,
 * alpm_trans_commit]
 */
export function preconditions(
  { host, config: { staleLockAge, timeout }, log }: RestartPlace,
  conf: PacmanConf,
  afterUpgrade: boolean,
): Precondition {
  const dbPath = databasePath(conf)
  // Later only another pacman can change that, and its lock will be seen.
  const completed = !afterUpgrade || conf === NO_CONF || hasCompleted(host, log)
  return () => {
    const lock = readLock(host, dbPath)
    if (lock !== undefined) {
      const state = stateOf(host, lock, staleLockAge, new Deadline(timeout))
      const { holder } = state
      const ours = holder !== undefined && ancestors(host, process.pid).includes(holder)
      if (!afterUpgrade || !ours) return describeLock(state)
    }
    return completed ? undefined : `the last transaction in ${log} did not complete`
  }
}

/** Only root can see who holds a lock; a dry run does without, because it needs no root. */
function stateOf(host: Host, lock: Lock, staleAge: number, deadline: Deadline): LockState {
  try {
    return readLockState(host, lock, staleAge, deadline)
  } catch (error) {
    if (errorCode(error) === 'EACCES') return { state: 'held', path: lock.path }
    throw error
  }
}

/** Whether the last transaction in the log completed. [libalpm/trans.c] */
function hasCompleted(host: Host, path: string): boolean {
  const words = readLog(host, path).lines.filter(
    ({ source, text }) => source === 'ALPM' && text.startsWith('transaction '),
  )
  return words.at(-1)?.text === 'transaction completed'
}

/** Whether the host is going down: a unit started then would delay that, or be killed at once. */
export function isGoingDown(timeoutMs: number): boolean {
  return askGoingDown(timeoutMs) === true
}
