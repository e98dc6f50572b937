import { SentinelError } from '../errors.ts'

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}

/**
 * Reads a duration such as "30s", "1h 30min" or "500ms"; a bare number is seconds, as in systemd.
 *
 * @returns ms, from 1 ms to a year; undefined for anything else
 */
export function parseDuration(text: string): number | undefined {
  const parts = [...text.matchAll(/\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d|w)?(?=\s|\d|$)/gy)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.trimEnd())
    return undefined
  const total = parts.reduce(
    (sum, [, count, unit = 's']) => sum + Number(count) * (UNITS[unit] ?? NaN),
    0,
  )
  return total >= 1 && total <= 365 * 86_400_000 ? total : undefined
}

/** A duration in ms. Throws SentinelError when the text is not a duration. */
export function duration(text: string): number {
  const value = parseDuration(text)
  if (value !== undefined) return value
  throw new SentinelError(`${JSON.stringify(text)} is not a duration: write 30s, 5min or 1h`)
}

/** A duration in ms as text, in its two largest units: "3h 12min", "45s". */
export function durationText(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1000)) * 1000
  const parts = (['d', 'h', 'min', 's'] as const).map((unit) => {
    const size = UNITS[unit] ?? 1
    const count = Math.floor(rest / size)
    rest -= count * size
    return count === 0 ? '' : `${count}${unit}`
  })
  const first = parts.findIndex((part) => part !== '')
  return first < 0
    ? '0s'
    : parts
        .slice(first, first + 2)
        .filter(Boolean)
        .join(' ')
}

const GO_UNITS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/**
 * Reads a duration as Go's programs do: "1h30m", "1.5h", "0". [time.ParseDuration]
 *
 * @returns ms; undefined for anything else, for less than nothing, and for more than Go holds: 292
 * years
 */
export function parseGoDuration(text: string): number | undefined {
  if (/^\+?0$/.test(text)) return 0
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/gy)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined
  const total = parts.reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (GO_UNITS[unit] ?? 0),
    0,
  )
  return total < GO_LONGEST_MS ? total : undefined
}

/** An int64 of ns. */
const GO_LONGEST_MS = 2 ** 63 / 1e6
