import { isDeepStrictEqual } from 'node:util'
import { SentinelError } from '../errors.ts'
import { Host } from '../host/host.ts'
import {
  withStateLock,
  readState,
  removeState,
  STATE_DIRECTORY,
  writeState,
} from '../state/store.ts'
import { LONGEST_MS, needsCount, recount, remaining, type Hold } from './hold.ts'
import type { BootClock } from '../host/boot-clock.ts'

const NAME = 'hold'

/**
 * The hold that was set last, also when it is over.
 *
 * @throws SentinelError when there is one that cannot be read
 */
export function readHold(host: Host): Hold | undefined {
  const state = readState(host, NAME)
  if (state === undefined) return undefined
  const { reason, until, left, bootId, uptime } = state
  const numbers = [until, left, uptime]
  if (
    typeof reason !== 'string' ||
    typeof bootId !== 'string' ||
    !numbers.every(Number.isFinite) ||
    Number(left) > LONGEST_MS
  ) {
    throw new SentinelError('hold.json is damaged')
  }
  return { reason, bootId, until: Number(until), left: Number(left), uptime: Number(uptime) }
}

/**
 * The active hold, if there is one.
 *
 * @throws SentinelError when there is one that cannot be read
 */
export function activeHold(host: Host, now: BootClock): Hold | undefined {
  const hold = readHold(host)
  return hold !== undefined && remaining(hold, now) > 0 ? hold : undefined
}

/** Sets a hold; it replaces an earlier one. Throws SentinelError when it cannot be written. */
export function setHold(host: Host, hold: Hold): void {
  withStateLock(host, () => writeState(host, NAME, hold))
}

/** Removes the hold, also one that cannot be read. @returns whether there was one */
export function removeHold(host: Host): boolean {
  if (host.lstat(STATE_DIRECTORY) === undefined) return false
  return withStateLock(host, () => removeState(host, NAME))
}

/**
 * Stores how much of the hold is left, when that is due, or removes it when it is over: a later
 * boot with another clock must not find it active again. A hold set meanwhile stays.
 */
export function countHold(host: Host, seen: Hold, now: BootClock): void {
  const over = remaining(seen, now) <= 0
  if (!over && !needsCount(seen, now)) return
  withStateLock(host, () => {
    // The current file, also when `host` is a Snapshot.
    if (!isDeepStrictEqual(readHold(new Host(host.root)), seen)) return
    if (over) removeState(host, NAME)
    else writeState(host, NAME, recount(seen, now))
  })
}
