import { describeLock, readLock, readLockState, STALE_LOCK_ADVICE } from '../pacman/lock.ts'
import { UNITS } from '../systemd/jobs.ts'
import type { Context } from './context.ts'
import type { PreflightFinding } from './check.ts'

/** The lock of a pacman at work will go away; a stale lock stops every upgrade. */
export function checkLock({ job, host, dbPath, config, deadline }: Context): PreflightFinding[] {
  const lock = readLock(host, dbPath)
  if (lock === undefined) return [{ check: 'lock', result: 'ok', message: 'pacman is not at work' }]
  const state = readLockState(host, lock, config.staleLockAge, deadline)
  const message = describeLock(state)
  if (state.state === 'held') {
    const advice = `wait until it has ended, then systemctl start ${UNITS[job]}`
    return [{ check: 'lock', result: 'skip', message, advice }]
  }
  return [{ check: 'lock', result: 'act', message, advice: STALE_LOCK_ADVICE }]
}
