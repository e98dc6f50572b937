import { write } from '../host/write.ts'

/**
 * A line on the terminal that says what takes its time, each one in the place of the last.
 * `undefined` takes it away. Where stderr is no terminal nothing is written.
 */
export function showProgress(what: string | undefined): void {
  if (!process.stderr.isTTY) return
  // Back to the line's start, and everything behind it erased. [ECMA-48, EL]
  write(2, `\r\u001b[K${what === undefined ? '' : `${what} …`}`)
}

/** Shows what is done while it is done. */
export async function withProgress<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  showProgress(what)
  try {
    return await work()
  } finally {
    showProgress(undefined)
  }
}
