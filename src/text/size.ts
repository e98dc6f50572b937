import { SentinelError } from '../errors.ts'

const UNITS: Record<string, number> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/**
 * Reads a size such as "500M" or "1.5G", with units of 1024 as in systemd; a bare number is bytes.
 *
 * @returns bytes, 0 or more
 * @throws SentinelError when the text is not a size
 */
export function size(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?)\s*([KMGT]?)$/.exec(text.trim()) ?? []
  if (count !== '') return Math.round(Number(count) * (UNITS[unit] ?? NaN))
  throw new SentinelError(`${JSON.stringify(text)} is not a size: write 500M or 2G`)
}

/** A size as text: "1.5G". */
export function sizeText(bytes: number): string {
  const [unit = '', factor = 1] =
    Object.entries(UNITS).findLast(([, least]) => bytes >= least) ?? []
  return `${Math.round((bytes / factor) * 10) / 10}${unit || ' bytes'}`
}
