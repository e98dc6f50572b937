import { SentinelError } from '../errors.ts'

/**
 * Tells of what was done. When that fails, as with a reader that has gone, the error says that it
 * was done all the same.
 *
 * @param untold the error's words; undefined where nothing was done, and the failure is all
 */
export function writeReport(untold: string | undefined, print: () => void): void {
  try {
    print()
  } catch (cause) {
    if (untold === undefined) throw cause
    throw new SentinelError(untold, { cause })
  }
}

export const REPORT_LOST = 'the change was made, but could not be told'
