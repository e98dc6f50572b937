import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import { runProgram } from '../host/program.ts'
import { printable } from '../text/printable.ts'

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

/**
 * The invocation ID of a unit's newest output in this boot.
 *
 * @param program as in readRunOutput()
 * @returns undefined when there is none, or the journal cannot be read
 */
export function readLastInvocation(
  unit: string,
  program: string,
  deadline: Deadline,
): string | undefined {
  const matches = ['--boot', `_SYSTEMD_UNIT=${unit}`, `SYSLOG_IDENTIFIER=${program}`]
  const shown = ['--lines=1', '--output=cat', '--output-fields=_SYSTEMD_INVOCATION_ID']
  try {
    runProgram(JOURNALCTL, ['--sync'], { timeoutMs: Math.min(10_000, deadline.left()) })
    const args = ['--quiet', '--no-pager', ...shown, ...matches]
    const ended = runProgram(JOURNALCTL, args, { timeoutMs: deadline.left() })
    return /^[0-9a-f]{32}$/m.exec(ended.stdout.toString())?.[0]
  } catch {
    return undefined
  }
}

/** How a boot ended, as far as the journal has it. */
export type BootEnd = 'in-order' | 'cut' | 'unknown'

/** "A start job for unit UNIT has finished successfully". [systemd, sd-messages.h] */
const UNIT_STARTED = '39f53479d3a045ac8e11786248231fbf'

/**
 * Whether systemd reached shutdown.target in a boot, which it does last of all in every orderly
 * shutdown, and in no other way. unknown: the journal has nothing of that boot, or gives no answer.
 */
export function readBootEnd(bootId: string, deadline: Deadline): BootEnd {
  const boot = `--boot=${bootId.replaceAll('-', '')}`
  try {
    if (!hasEntries([boot], deadline)) return 'unknown'
    const shutdown = [`MESSAGE_ID=${UNIT_STARTED}`, 'UNIT=shutdown.target']
    return hasEntries([boot, ...shutdown], deadline) ? 'in-order' : 'cut'
  } catch {
    return 'unknown'
  }
}

/** Throws SentinelError when journalctl has not answered in time. */
function hasEntries(matches: readonly string[], deadline: Deadline): boolean {
  const args = ['--quiet', '--no-pager', '--output=cat', '--lines=1', ...matches]
  const ended = runProgram(JOURNALCTL, args, { timeoutMs: deadline.left() })
  if (ended.timedOut) throw new SentinelError('journalctl did not answer in time')
  return ended.exitCode === 0 && ended.stdout.length > 0
}

/** Limit for an entry: journald normally takes it at once, also when it is busy. */
const SEND_MS = 1_000

/**
 * Writes one entry with its own fields to the journal. [logger(1), --journald] A journal that is away
 * or does not answer costs at most a second, and is no error: the journal is a second copy.
 *
 * @param fields names in capital letters; their values become one line each
 */
export function writeJournalEntry(fields: Readonly<Record<string, string>>): void {
  const input = Object.entries(fields)
    .map(([name, value]) => `${name}=${printable(value)}\n`)
    .join('')
  try {
    runProgram('/usr/bin/logger', ['--journald'], { timeoutMs: SEND_MS, input })
  } catch {
    // Nothing depends on it.
  }
}
