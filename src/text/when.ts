const DAY_MS = 86_400_000

/**
 * A time as a person says it, by the clock and the time zone of this machine: "today 00:36",
 * "tomorrow 00:36", "3 days ago (2026-11-24 00:36)", "2027-01-01 00:36".
 *
 * @param ms since 1970
 * @param now likewise
 */
export function whenText(ms: number, now: number): string {
  if (!Number.isFinite(ms)) return 'at an unknown time'
  const at = new Date(ms)
  const days = dayOf(at) - dayOf(new Date(now))
  const near = { [-1]: 'yesterday', 0: 'today', 1: 'tomorrow' }[days]
  if (near !== undefined) return `${near} ${timeOf(at)}`
  const date = `${localDate(at)} ${timeOf(at)}`
  return days < 0 && days > -100 ? `${-days} days ago (${date})` : date
}

/** The day in this machine's time zone: "2026-11-24". */
export function localDate(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

/** The number of a local day: two of them differ by 1 also where one has 23 hours. */
function dayOf(at: Date): number {
  return Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / DAY_MS
}

function timeOf(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
