import { SentinelError } from '../errors.ts'

/**
 * Prints the report of a command. If that fails, for example because the reader has gone, the error
 * says that the change was made nevertheless.
 *
 * @param untold the message of that error; undefined when nothing was changed
 */
export function writeReport(untold: string | undefined, print: () => void): void {
  try {
    print()
  } catch (cause) {
    if (untold === undefined) throw cause
    throw new SentinelError(untold, { cause })
  }
}

export const REPORT_LOST = 'the change was made, but could not be reported'
