import { readHostName } from '../host/host-name.ts'
import type { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { writeReport } from '../terminal/report.ts'
import { printableJson } from '../text/printable.ts'
import { type CommandOutcome, SCHEMA_VERSION } from './envelope.ts'

type AnyOutcome = CommandOutcome<string, object, object | null>

/**
 * Prints the envelope: the one place from which JSON goes to stdout.
 *
 * @param command with its subcommand, as "units install"
 * @throws the system error when it cannot be printed, or a SentinelError that says what was done
 */
export function printEnvelope(host: Host, command: string, outcome: AnyOutcome): void {
  writeReport(outcome.untold, () => write(1, renderEnvelope(host, command, outcome)))
}

/** The envelope as text that is safe on a terminal. */
export function renderEnvelope(
  host: Host,
  command: string,
  { verdict, exitCode, findings, details, at }: AnyOutcome,
): string {
  return printableJson({
    schemaVersion: SCHEMA_VERSION,
    command,
    host: nameOf(host),
    at: at ?? new Date(host.now()).toISOString(),
    verdict,
    exitCode,
    findings,
    details,
  })
}

/** An answer counts without a name, too. */
function nameOf(host: Host): string | null {
  try {
    return readHostName(host) || null
  } catch {
    return null
  }
}
