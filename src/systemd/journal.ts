import type { Deadline } from '../host/deadline.ts'
import { runProgram } from '../host/program.ts'

const JOURNALCTL = '/usr/bin/journalctl'

/**
 * The output of one program of a unit in one run, oldest first, without the unit's other programs,
 * such as an ExecStartPost=, and without systemd's own messages.
 * [systemd.journal-fields(7); systemd.exec(5), SyslogIdentifier=]
 *
 * @param invocationId 32 hexadecimal digits
 * @param program its file name
 * @returns the lines; undefined when the journal has none or cannot be read
 */
export function readRunOutput(
  invocationId: string,
  program: string,
  deadline: Deadline,
): string[] | undefined {
  try {
    // The last lines may not be in the journal yet.
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
