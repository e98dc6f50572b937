import { durationText } from '../text/duration.ts'
import type { BootClock } from '../host/boot-clock.ts'

/** A person's order not to reboot the host for some time. Times in ms. */
export interface Hold {
  reason: string
  /** its end by the wall clock, in ms since 1970 */
  until: number
  /** the time left at `uptime` in the boot `bootId` */
  left: number
  bootId: string
  uptime: number
}

/** The longest hold: a forgotten one must end. */
export const LONGEST_MS = 30 * 86_400_000

/** Makes a hold that begins now. */
export function newHold(reason: string, lengthMs: number, now: BootClock): Hold {
  const { bootId, uptime } = now
  return { reason, until: now.wall + lengthMs, left: lengthMs, bootId, uptime }
}

/**
 * The time left of a hold; zero or less when it is over.
 *
 * In the boot of `bootId` the uptime counts, which clock steps do not move. In a later boot the
 * smaller of two values counts: `left` minus the uptime, and `until` minus the wall clock. On a
 * board without a battery the clock starts in the past: `until` is then far away and the uptime
 * counts, until the clock is set. So a slow clock never shortens a hold, and no clock makes it
 * endless.
 */
export function remaining(hold: Hold, now: BootClock): number {
  if (now.bootId === hold.bootId) return hold.left - (now.uptime - hold.uptime)
  return Math.min(hold.left - now.uptime, hold.until - now.wall)
}

/**
 * The same hold, counted from now: time in boots with a wrong clock adds up, over any number of
 * boots. If the clock was corrected during the boot, `until` is corrected too.
 */
export function recount(hold: Hold, now: BootClock): Hold {
  const left = remaining(hold, now)
  const until =
    now.bootId === hold.bootId ? Math.max(hold.until, Math.round(now.wall + left)) : hold.until
  return { ...hold, until, left, bootId: now.bootId, uptime: now.uptime }
}

/** Time that may stay uncounted at the end of a boot; each count is a write to disk. */
const COUNTED_EVERY_MS = 600_000

export function needsCount(hold: Hold, now: BootClock): boolean {
  return now.bootId !== hold.bootId || now.uptime - hold.uptime >= COUNTED_EVERY_MS
}

/** "held for 3h 12min more: replacing the disk" */
export function holdText(hold: Hold, now: BootClock): string {
  return `held for ${durationText(remaining(hold, now))} more: ${hold.reason}`
}
