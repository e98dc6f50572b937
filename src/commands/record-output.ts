import type { RunRecord } from '../record/run-record.ts'
import { journalLine } from '../terminal/journal-line.ts'

/** So many problems fit on a line that people read. */
const SHOWN = 3

/** How a run ended, in one line for the journal: "upgrade completed: 4 packages". */
export function renderRecord({ job, outcome, reason, problems }: RunRecord): string {
  const more = problems.length > SHOWN ? [`and ${problems.length - SHOWN} more`] : []
  const told = [`${job} ${outcome}: ${reason}`, ...problems.slice(0, SHOWN), ...more]
  return journalLine(level(outcome, problems), told.join('; '))
}

function level(outcome: RunRecord['outcome'], problems: string[]) {
  if (outcome === 'failed' || outcome === 'interrupted') return 'error'
  if (problems.length > 0) return 'warning'
  return outcome === 'skipped' ? 'notice' : 'info'
}
