import type { HistoryEntry } from './fields.ts'

/** An event as it is shown; runs that were skipped for the same reason again and again are one. */
export type FoldedEntry = HistoryEntry & {
  /** how often, and since when, if more than once */
  times?: number
  since?: string
}

/**
 * Folds repeated skips into the last of them: those of one job for one reason, without an upgrade or
 * a failed download between them. The others keep their order.
 */
export function foldSkips(entries: readonly HistoryEntry[]): FoldedEntry[] {
  const folded: FoldedEntry[] = []
  for (const entry of entries) {
    const job = jobOf(entry)
    const last = job === undefined ? undefined : folded.findLast((one) => jobOf(one) === job)
    if (last?.kind !== 'skip' || entry.kind !== 'skip' || last.reason !== entry.reason) {
      folded.push(entry)
      continue
    }
    folded.splice(folded.indexOf(last), 1)
    folded.push({ ...entry, times: (last.times ?? 1) + 1, since: last.since ?? last.at })
  }
  return folded
}

function jobOf(entry: HistoryEntry): string | undefined {
  if (entry.kind === 'skip') return entry.job
  return entry.kind === 'upgrade' || entry.kind === 'download' ? entry.kind : undefined
}
