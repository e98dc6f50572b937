import type { Deadline } from '../host/deadline.ts'
import { runProgram } from '../host/program.ts'

const JOURNALCTL = '/usr/bin/journalctl'

/**
 * All that one program of a unit has printed so far in one run, oldest first: the unit's others, such
 * as an ExecStartPost=, and systemd's own words on it are not among it.
 * [systemd.journal-fields(7); systemd.exec(5), SyslogIdentifier=]
 *
 * @param invocationId 32 hexadecimal digits
 * @param program its file name
 * @returns undefined where the journal does not tell
 */
export function readRunOutput(
  invocationId: string,
  program: string,
  deadline: Deadline,
): string[] | undefined {
  try {
    // What was printed in this moment is on its way to the journal still.
    runProgram(JOURNALCTL, ['--sync'], { timeoutMs: Math.min(10_000, deadline.left()) })
    const matches = [`_SYSTEMD_INVOCATION_ID=${invocationId}`, `SYSLOG_IDENTIFIER=${program}`]
    const args = ['--quiet', '--no-pager', '--output=cat', ...matches]
    const ended = runProgram(JOURNALCTL, args, { timeoutMs: deadline.left() })
    const lines = ended.stdout.toString().split('\n').slice(0, -1)
    return ended.exitCode === 0 && lines.length > 0 ? lines : undefined
  } catch {
    return undefined
  }
}
