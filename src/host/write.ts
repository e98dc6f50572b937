import { writeSync } from 'node:fs'
import { errorCode } from '../errors.ts'
import { Deadline } from './deadline.ts'

/**
 * Writes the whole text synchronously: an error, such as a reader that has gone (EPIPE), is thrown
 * here and sets the exit code. A stream would report it too late for that.
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
      // The pipe is full, and another user of it made it non-blocking: wait for the reader, 5 s.
      if (errorCode(error) !== 'EAGAIN' || patience.left() === 0) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}
