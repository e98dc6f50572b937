import { write } from '../host/write.ts'

/**
 * Shows the current step in one line on stderr, in place of the previous one; `undefined` clears
 * the line. Writes nothing when stderr is not a terminal.
 */
export function showProgress(what: string | undefined): void {
  if (!process.stderr.isTTY) return
  // Back to the start of the line, and erase to its end. [ECMA-48, EL]
  write(2, `\r\u001b[K${what === undefined ? '' : `${what} …`}`)
}

/** Shows a step while `work` runs. */
export async function withProgress<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  showProgress(what)
  try {
    return await work()
  } finally {
    showProgress(undefined)
  }
}
