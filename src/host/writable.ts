import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorText, SentinelError } from '../errors.ts'

/**
 * Asks before anything is touched whether a file may be replaced.
 *
 * @throws SentinelError with the reason, and what to do
 */
export function mustBeWritable(file: string): void {
  try {
    const target = realpathSync(file)
    if (!statSync(target).isFile()) throw new SentinelError('it is not a regular file')
    accessSync(target, constants.W_OK)
    accessSync(dirname(target), constants.W_OK)
  } catch (error) {
    const message = `${file} may not be changed, and nothing was: ${errorText(error)}`
    throw new SentinelError(message, { cause: error })
  }
}
