import { SentinelError } from '../errors.ts'

/** The value of a key that may be set once. Throws SentinelError if it is set more often. */
export function single(values: string[]): string {
  const [value] = values
  if (value === undefined || values.length > 1) throw new SentinelError('is set more than once')
  return value
}

export function yesNo(values: string[]): boolean {
  const text = single(values)
  if (text === 'yes' || text === 'true') return true
  if (text === 'no' || text === 'false') return false
  throw new SentinelError(`${quote(text)} is neither yes nor no`)
}

/** A whole number of at least 1. */
export function wholeNumber(values: string[]): number {
  const text = single(values)
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new SentinelError(`${quote(text)} is not a whole number of at least 1`)
}

/** An absolute path, without a slash at its end. */
export function absolutePath(values: string[]): string {
  const text = single(values)
  if (/^\/[^\p{Cc}]*[^\p{Cc}/]$/u.test(text)) return text
  throw new SentinelError(`${quote(text)} is not an absolute path`)
}

/** One of a few words. */
export function oneOf<T extends string>(words: readonly T[], values: string[]): T {
  const text = single(values)
  const found = words.find((word) => word === text)
  if (found !== undefined) return found
  throw new SentinelError(`${quote(text)} is not one of: ${words.join(', ')}`)
}

/** Words separated by blanks. */
export function wordList(values: string[]): string[] {
  const found = single(values).split(/\s+/)
  const bad = found.find((word) => !/^[\w.+-]+$/.test(word) || word === 'true')
  if (bad === undefined) return found
  throw new SentinelError(`${quote(single(values))} is not a list of words separated by blanks`)
}

/** The values of a key that may be set several times, one value each. */
export function patterns(values: string[]): string[] {
  const bad = values.find((value) => value === '' || value === 'true')
  if (bad !== undefined) throw new SentinelError('needs a pattern')
  return values
}

export function quote(text: string): string {
  return JSON.stringify(text)
}
