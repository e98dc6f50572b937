/** The exit codes of every command; see the table in docs/commands.md. */
export const Exit = { reboot: 0, ok: 0, none: 1, attention: 2 } as const

/**
 * A failure a person can act on. The message says what is wrong and what to do next; `cause`, if
 * given, is the underlying error, printed as a second line.
 */
export class SentinelError extends Error {
  override name = 'SentinelError'
}

/** The code of a system error such as 'ENOENT', or undefined for any other kind of error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

/** The result of `read`, or undefined if its file does not exist (ENOENT). */
export function ifThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** An error in a few words; a system error as "/proc/1/maps: permission denied". */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Node's form: "EACCES: permission denied, open '/proc/1/maps'"
  const [, reason, path] = /^E[A-Z0-9]+: (.*?), [a-z]+(?: '(.*)')?$/s.exec(error.message) ?? []
  if (reason === undefined) return error.message
  return path === undefined ? reason : `${path}: ${reason}`
}

/** Whether root would not get this error, by its own code or by that of a cause. */
export function isDenied(error: unknown): boolean {
  const code = errorCode(error)
  if (code === 'EACCES' || code === 'EPERM') return process.geteuid?.() !== 0
  return error instanceof Error && error.cause !== undefined && isDenied(error.cause)
}
