import { judgeLock, collectLock } from '../sentinel/lock.ts'
import { readLock } from '../pacman/lock.ts'
import type { Context } from './context.ts'
import type { PreflightFinding } from './check.ts'

/** A lock that will go by itself is another pacman's; one that will not stops every upgrade. */
export function checkLock({ host, dbPath, config, deadline }: Context): PreflightFinding[] {
  const lock = readLock(host, dbPath)
  if (lock === undefined) return [{ check: 'lock', result: 'ok', message: 'pacman is not at work' }]
  const { effect, message } = judgeLock(collectLock(host, lock, deadline), config.staleLockAge)
  return [{ check: 'lock', result: effect === 'busy' ? 'skip' : 'act', message }]
}
