import type { HistoryEntry } from './fields.ts'

/** How often each thing has happened, such as "boot planned" or "gate down". */
export type EventCounts = Record<string, number>

/** Adds events to what was counted before them. A restart counts each of its units. */
export function countEvents(
  entries: readonly HistoryEntry[],
  before: Readonly<EventCounts> = {},
): EventCounts {
  const counts = new Map(Object.entries(before))
  const add = (what: string, times: number) => counts.set(what, (counts.get(what) ?? 0) + times)
  for (const entry of entries) {
    if (entry.kind === 'restart') {
      add('restart restarted', entry.restarted.length)
      add('restart failed', entry.failed.length)
    } else add([entry.kind, detailOf(entry)].join(' ').trimEnd(), 1)
  }
  return Object.fromEntries(counts)
}

/** The word that tells events of one kind apart; each kind has few. */
function detailOf(entry: HistoryEntry): string {
  if ('outcome' in entry) return entry.outcome
  if ('ending' in entry) return entry.ending
  if ('verdict' in entry) return entry.verdict
  if ('how' in entry) return entry.how
  return 'job' in entry ? entry.job : ''
}
