import { describeLock, readLock, readLockState, STALE_LOCK_ADVICE } from '../pacman/lock.ts'
import type { Context } from './context.ts'
import type { PreflightFinding } from './check.ts'

/** The lock of a pacman at work will go away; a stale lock stops every upgrade. */
export function checkLock({ host, dbPath, config, deadline }: Context): PreflightFinding[] {
  const lock = readLock(host, dbPath)
  if (lock === undefined) return [{ check: 'lock', result: 'ok', message: 'pacman is not at work' }]
  const state = readLockState(host, lock, config.staleLockAge, deadline)
  const message = describeLock(state)
  if (state.state === 'held') return [{ check: 'lock', result: 'skip', message }]
  return [{ check: 'lock', result: 'act', message: `${message}. To do: ${STALE_LOCK_ADVICE}` }]
}
