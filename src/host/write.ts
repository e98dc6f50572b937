import { writeSync } from 'node:fs'
import { errorCode } from '../errors.ts'
import { Deadline } from './deadline.ts'

/**
 * Writes all of the text, at once: an error, such as a reader that has gone (EPIPE), is thrown here
 * and so becomes the exit code, where a stream would report it after the exit code was chosen.
 *
 * @param fd 1 for stdout, 2 for stderr
 */
export function write(fd: 1 | 2, text: string): void {
  let rest = Buffer.from(text)
  const patience = new Deadline(5000)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (error) {
      // A pipe that its other users made non-blocking is full: wait for its reader, not for ever.
      if (errorCode(error) !== 'EAGAIN' || patience.left() === 0) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}
