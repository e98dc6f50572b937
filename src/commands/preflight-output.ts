import { printable } from '../text/printable.ts'
import type { Preflight } from '../preflight/preflight.ts'
import { journalLine } from '../terminal/journal-line.ts'

/** The answer in one line, and each warning in one more. */
export function renderVerdict({ job, verdict, reason, findings }: Preflight, toJournal: boolean) {
  const warnings = findings
    .filter(({ result }) => result === 'warning')
    .map(({ message }) => journalLine('warning', `warning: ${message}`, toJournal))
  return `${warnings.join('')}${answer({ job, verdict, reason }, toJournal)}`
}

function answer({ job, verdict, reason }: Omit<Preflight, 'findings'>, toJournal: boolean) {
  if (verdict === 'go') return journalLine('info', `go: the ${job} can begin`, toJournal)
  if (verdict === 'skip') return journalLine('notice', `skip: ${reason}`, toJournal)
  return journalLine('error', `attention, no ${job} until this is mended: ${reason}`, toJournal)
}

/** Every check that was made, for a person. */
export function renderChecks({ findings }: Preflight): string {
  return findings
    .map(({ check, result, message }) => {
      return `${result.padEnd(7)}  ${check.padEnd(13)}  ${printable(message)}\n`
    })
    .join('')
}
