import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { Exit } from '../errors.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { HISTORY_FILE, readHistory } from '../history/file.ts'
import { foldSkips, type FoldedEntry } from '../history/fold.ts'
import { describeEvent } from '../history/kinds.ts'
import { printableLines } from '../text/printable.ts'

interface HistoryOptions {
  json: true | undefined
  /** how many events, the newest; all of them unless given */
  lines: number | undefined
  root: string | undefined
}

/** `history`: shows what has happened, oldest first. Its exit code is 0. */
export function showHistory({ json, lines, root }: HistoryOptions): Answer<'history'> {
  const { entries, unreadable } = readHistory(new Host(root))
  const folded = foldSkips(entries)
  const shown = lines === undefined ? folded : folded.slice(-lines)
  const foreign = `${unreadable} lines of ${HISTORY_FILE} are no events of this version`
  if (!json) {
    write(1, renderHistory(shown))
    if (unreadable > 0) write(2, `${foreign}\n`)
  }
  return {
    verdict: shown.length === 0 ? 'none' : 'shown',
    exitCode: Exit.ok,
    findings: unreadable > 0 ? [plainFinding('warning', 'file', foreign)] : [],
    details: { events: shown, unreadable },
  }
}

/** One line for each event. */
function renderHistory(entries: readonly FoldedEntry[]): string {
  if (entries.length === 0) return 'nothing has happened yet\n'
  return printableLines(entries.map((entry) => `${timeOf(entry.at)}  ${describeFolded(entry)}`))
}

function describeFolded(entry: FoldedEntry): string {
  const { times, since } = entry
  const repeated = since === undefined ? '' : ` (${times} times since ${timeOf(since)})`
  return describeEvent(entry) + repeated
}

/** To the second, in UTC. */
function timeOf(at: string): string {
  return at.replace(/\.\d+Z$/, 'Z')
}
