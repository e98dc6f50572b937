import { SentinelError } from '../errors.ts'
import { complaint, runProgram } from '../host/program.ts'

const ANALYZE = '/usr/bin/systemd-analyze'
const LIMIT_MS = 30_000

/**
 * Rejects a text that is not a calendar event of systemd.time(7), or an event that never occurs:
 * for `*-02-30` systemd-analyze exits with 0 and prints "never".
 *
 * @param option the option with this value, for the error
 * @throws SentinelError with systemd's reason
 */
export function checkCalendar(text: string, option: string): void {
  const said = analyze(['calendar', '--', text], option, text)
  if (/^\s*Next elapse: never$/m.test(said)) {
    throw new SentinelError(`${option} '${text}' never occurs: see systemd-analyze calendar`)
  }
}

/** The same for a time span with an end; 0 is one. */
export function checkTimespan(text: string, option: string): void {
  const said = analyze(['timespan', '--', text], option, text)
  if (/^\s*Human: infinity$/m.test(said)) {
    throw new SentinelError(`${option} '${text}' is infinite: write 30min or 4h`)
  }
}

/**
 * Verifies unit files with systemd, and rejects also what systemd would only warn about or ignore.
 *
 * @param root a directory with all files of a host that the units need, such as their programs
 * @param files paths of the unit files, below that directory
 * @throws SentinelError with systemd's message
 */
export function verifyUnits(root: string, files: readonly string[]): void {
  // Without --recursive-errors= an unknown key is only a warning, and the exit code 0.
  const args = [`--root=${root}`, '--man=no', '--recursive-errors=no', 'verify', '--', ...files]
  const ended = runProgram(ANALYZE, args, { timeoutMs: LIMIT_MS })
  if (ended.exitCode === 0) return
  const said = complaint(ended).replaceAll(root, '')
  throw new SentinelError(`systemd-analyze verify rejects the units: ${said}`)
}

function analyze(args: string[], option: string, text: string): string {
  const ended = runProgram(ANALYZE, args, { timeoutMs: LIMIT_MS })
  if (ended.exitCode === 0 && text.trim() !== '') return ended.stdout.toString()
  const [what] = args
  const [reason = ''] = complaint(ended).split('\n')
  const example = what === 'calendar' ? "daily or '*-*-* 03:00:00'" : '30min or 4h'
  const next = `write it as in systemd.time(7), such as ${example}`
  throw new SentinelError(`${option} '${text}': ${reason || 'it is empty'}; ${next}`)
}
