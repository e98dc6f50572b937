import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { findHolder, type Lock } from '../pacman/lock.ts'
import type { Finding } from './finding.ts'

/** All that the judgement of a lock rests on. Times in ms. */
export interface LockEvidence {
  lock: Lock
  holder: number | undefined
  now: number
  bootedAt: number
}

/** Reads the evidence. Throws as findHolder() does. */
export function collectLock(host: Host, lock: Lock, deadline: Deadline): LockEvidence {
  const now = host.now()
  const holder = findHolder(host, lock.path, deadline)
  return { lock, holder, now, bootedAt: now - host.uptime() * 1000 }
}

/**
 * A lock means that pacman is at work; a lock that nobody has open, and that is older than this
 * boot or than `staleAge`, means that it was ended half-way and that a person must look. Neither
 * allows a reboot, so a clock that steps can only turn the one into the other.
 */
export function judgeLock(
  { lock, holder, now, bootedAt }: LockEvidence,
  staleAge: number,
): Finding {
  const { path, madeAt } = lock
  if (holder !== undefined) {
    const message = `pacman is at work: PID ${holder} holds ${path}`
    return { kind: 'lock', effect: 'busy', message, path, pid: holder }
  }
  const age = whyStale(madeAt, now, bootedAt, staleAge)
  if (age === undefined) {
    return { kind: 'lock', effect: 'busy', message: `pacman is at work: ${path} is there`, path }
  }
  const message = `stale lock ${path}: nobody has it open and ${age}. Look at pacman.log, repair what was ended half-way, then remove it`
  return { kind: 'lock', effect: 'attention', message, path }
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
