import { SentinelError } from '../errors.ts'
import { complaint, runProgram } from '../host/program.ts'

const ANALYZE = '/usr/bin/systemd-analyze'
const LIMIT_MS = 30_000

/**
 * Refuses what is no calendar event of systemd.time(7), or one that never comes: for `*-02-30`
 * systemd-analyze ends with 0 and says "never".
 *
 * @param option whose value it is
 * @throws SentinelError with systemd's own reason
 */
export function checkCalendar(text: string, option: string): void {
  const said = analyze(['calendar', '--', text], option, text)
  if (/^\s*Next elapse: never$/m.test(said)) {
    throw new SentinelError(`${option} '${text}' never comes; systemd-analyze calendar shows it`)
  }
}

/** The same for a time span with an end; 0 is one. */
export function checkTimespan(text: string, option: string): void {
  const said = analyze(['timespan', '--', text], option, text)
  if (/^\s*Human: infinity$/m.test(said)) {
    throw new SentinelError(`${option} '${text}' has no end: write 30min or 4h`)
  }
}

/**
 * Lets systemd read unit files, and refuses them where it would only warn or pass something over.
 *
 * @param root a directory that stands for the whole host: units, and the programs they run
 * @param files their paths, below that directory
 * @throws SentinelError with what systemd says
 */
export function verifyUnits(root: string, files: readonly string[]): void {
  // Without --recursive-errors= an unknown key is only a warning, and the exit code 0.
  const args = [`--root=${root}`, '--man=no', '--recursive-errors=no', 'verify', '--', ...files]
  const ended = runProgram(ANALYZE, args, { timeoutMs: LIMIT_MS })
  if (ended.exitCode === 0) return
  const said = complaint(ended).replaceAll(root, '')
  throw new SentinelError(`systemd-analyze verify refuses the units: ${said}`)
}

function analyze(args: string[], option: string, text: string): string {
  const ended = runProgram(ANALYZE, args, { timeoutMs: LIMIT_MS })
  if (ended.exitCode === 0 && text.trim() !== '') return ended.stdout.toString()
  const [what] = args
  const [reason = ''] = complaint(ended).split('\n')
  const example = what === 'calendar' ? "daily or '*-*-* 03:00:00'" : '30min or 4h'
  const next = `write one of systemd.time(7), such as ${example}`
  throw new SentinelError(`${option} '${text}': ${reason || 'it is empty'}; ${next}`)
}
