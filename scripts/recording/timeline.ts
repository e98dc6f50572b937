import type { TerminalLine } from './terminal.ts'

/** Lines that appear at one moment. */
interface Shot {
  /** in seconds from the beginning */
  at: number
  lines: readonly TerminalLine[]
}

export interface Timeline {
  shots: readonly Shot[]
  /** when it begins anew, in seconds */
  end: number
}

/** In seconds: for a command to be read before it answers, for each line, and before it begins anew. */
const COMMAND = 0.9
const LINE = 0.45
const LAST = 4

/** Shows what is said, then the command, then its answer, each for as long as it takes to read. */
export function timelineOf(lines: readonly TerminalLine[]): Timeline {
  const shots: Shot[] = []
  let at = 0
  let taken: TerminalLine[] = []
  const show = (seconds: number) => {
    if (taken.length > 0) shots.push({ at: rounded(at), lines: taken })
    at += seconds
    taken = []
  }
  for (const line of lines) {
    const text = textOf(line)
    const isCommand = /^\S+@\S+ /.test(text)
    if (isCommand) show(taken.length * LINE)
    // A blank line ends an answer.
    if (text === '') show((taken.length + 1) * LINE)
    taken.push(line)
    if (isCommand) show(COMMAND)
  }
  show(taken.length * LINE)
  return { shots, end: rounded(at + LAST) }
}

function rounded(seconds: number): number {
  return Math.round(seconds * 100) / 100
}

export function textOf(line: TerminalLine): string {
  return line.map(({ text }) => text).join('')
}
