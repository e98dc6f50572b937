import { SentinelError } from '../errors.ts'
import { localDate } from './when.ts'

const DAY_MS = 86_400_000

/** `2026-12-24`, `2026-12-24 18:00`, `18:00`; a Z or UTC at the end. */
const MOMENT = /^(\d{4}-\d\d-\d\d)?(?:(?:^|[T ]+)(\d\d?):(\d\d))? ?(Z|UTC)?$/

/**
 * Reads a moment to come, in local time or in UTC: a day begins at midnight, and a time without a day
 * is the next one.
 *
 * @param now in ms since 1970
 * @returns ms since 1970
 * @throws SentinelError when the text is no moment, or it is over
 */
export function momentToCome(text: string, now: number): number {
  const [, day, hours, minutes = '00', zone] = MOMENT.exec(text.trim()) ?? []
  const suffix = `T${(hours ?? '0').padStart(2, '0')}:${minutes}:00${zone === undefined ? '' : 'Z'}`
  const at = (date: string) => new Date(date + suffix)
  const isUtc = zone !== undefined
  const found = day === undefined ? nextOf(at, now, isUtc) : at(day)
  // Date takes 2026-02-30 for a day of March.
  const isReal =
    Number.isFinite(found.getTime()) && (day ?? dateOf(found, isUtc)) === dateOf(found, isUtc)
  if ((day ?? hours) === undefined || !isReal) {
    throw new SentinelError(
      `${JSON.stringify(text)} is no moment: write 18:00, 2026-12-24 or "2026-12-24 18:00"`,
    )
  }
  if (found.getTime() > now) return found.getTime()
  throw new SentinelError(
    `${text} is over: it is ${new Date(now).toISOString()} by this host's clock`,
  )
}

/** That time of today, or of tomorrow where it is over. */
function nextOf(at: (date: string) => Date, now: number, isUtc: boolean): Date {
  const today = at(dateOf(new Date(now), isUtc))
  return today.getTime() > now ? today : at(dateOf(new Date(now + DAY_MS), isUtc))
}

function dateOf(date: Date, isUtc: boolean): string {
  return isUtc ? date.toISOString().slice(0, 10) : localDate(date)
}
