import { durationText } from '../text/duration.ts'
import type { BootClock } from '../host/boot-clock.ts'

/** A person's wish that the host is not rebooted for some time. Times in ms. */
export interface Hold {
  reason: string
  /** its end by the wall clock, in ms since 1970 */
  until: number
  /** what was left of it at `uptime` in the boot `bootId` */
  left: number
  bootId: string
  uptime: number
}

/** No hold is longer: one that was forgotten must end. */
export const LONGEST_MS = 30 * 86_400_000

/** A hold that begins now. */
export function newHold(reason: string, lengthMs: number, now: BootClock): Hold {
  const { bootId, uptime } = now
  return { reason, until: now.wall + lengthMs, left: lengthMs, bootId, uptime }
}

/**
 * How long the hold still lasts; zero or less when it is over.
 *
 * Within a boot the kernel's uptime tells, which no clock step moves. In a later boot two things
 * are known: at least its uptime has passed, and what the wall clock says. A board without a
 * battery starts its clock in the past, where `until` is far off and uptime alone counts; once the
 * clock is set the true end counts. So a clock that is behind never shortens a hold, and no clock
 * makes it endless.
 */
export function remaining(hold: Hold, now: BootClock): number {
  if (now.bootId === hold.bootId) return hold.left - (now.uptime - hold.uptime)
  return Math.min(hold.left - now.uptime, hold.until - now.wall)
}

/**
 * The same hold, counted from now on: so that time spent in boots with a wrong clock adds up, over
 * however many of them. A clock that was set right within the boot puts the end right as well.
 */
export function recount(hold: Hold, now: BootClock): Hold {
  const left = remaining(hold, now)
  const until =
    now.bootId === hold.bootId ? Math.max(hold.until, Math.round(now.wall + left)) : hold.until
  return { ...hold, until, left, bootId: now.bootId, uptime: now.uptime }
}

/** How much time may pass uncounted at the end of a boot; each count is a write to the disk. */
const COUNTED_EVERY_MS = 600_000

export function needsCount(hold: Hold, now: BootClock): boolean {
  return now.bootId !== hold.bootId || now.uptime - hold.uptime >= COUNTED_EVERY_MS
}

/** "held for 3h 12min more: replacing the disk" */
export function holdText(hold: Hold, now: BootClock): string {
  return `held for ${durationText(remaining(hold, now))} more: ${hold.reason}`
}
