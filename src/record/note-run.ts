import type { Host } from '../host/host.ts'
import type { HistoryEvent } from '../history/fields.ts'
import { noteEvent } from '../history/note.ts'
import type { RunRecord } from './run-record.ts'

/**
 * Writes a run to the history, unless there was nothing to tell.
 *
 * @param packages what it changed, in pacman's words
 */
export function noteRun(host: Host, record: RunRecord, packages: string[]): void {
  const event = runEvent(record, packages)
  if (event !== undefined) noteEvent(host, event)
}

/** undefined for a run that found nothing to do, and for a download that went well. */
export function runEvent(
  { job, outcome, reason, problems }: RunRecord,
  packages: string[],
): HistoryEvent | undefined {
  if (outcome === 'nothing-to-do') return undefined
  if (outcome === 'skipped') return { kind: 'skip', job, reason }
  if (job === 'upgrade') return { kind: 'upgrade', outcome, reason, packages, problems }
  return outcome === 'completed' ? undefined : { kind: 'download', outcome, reason }
}
