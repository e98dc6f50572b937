import type { Deadline } from '../host/deadline.ts'
import { runProgram } from '../host/program.ts'

const JOURNALCTL = '/usr/bin/journalctl'

/**
 * All that the processes of one run of a unit have printed so far, oldest first. What systemd itself
 * says of the run is not among it. [systemd.journal-fields(7): _SYSTEMD_INVOCATION_ID]
 *
 * @param invocationId 32 hexadecimal digits
 * @returns undefined where the journal does not tell
 */
export function readInvocationOutput(
  invocationId: string,
  deadline: Deadline,
): string[] | undefined {
  try {
    // What was printed in this moment is on its way to the journal still.
    runProgram(JOURNALCTL, ['--sync'], { timeoutMs: Math.min(10_000, deadline.left()) })
    const args = ['--quiet', '--no-pager', '--output=cat', `_SYSTEMD_INVOCATION_ID=${invocationId}`]
    const ended = runProgram(JOURNALCTL, args, { timeoutMs: deadline.left() })
    const lines = ended.stdout.toString().split('\n').slice(0, -1)
    return ended.exitCode === 0 && lines.length > 0 ? lines : undefined
  } catch {
    return undefined
  }
}
