import { wrapWords } from './wrap.ts'

/** A row of three cells. */
export interface TableRow {
  subject: string
  text: string
  aside?: string
  /** in front of an aside that stands below the text */
  lead?: string
  /** add colours, and no width */
  paintSubject?: (text: string) => string
  paintText?: (text: string) => string
  paintAside?: (text: string) => string
}

/** A longer subject has a line of its own; a longer aside, or text, stands in no column. */
const LONGEST_SUBJECT = 30
const LONGEST_ASIDE = 26
const LONGEST_TEXT = 60
/** With less room for the text, asides stand below it. */
const LEAST_TEXT = 24

/** With less beside them, all subjects have lines of their own. */
const NARROW = 30

const INDENT = '  '
const GAP = '  '

/** Where the columns begin and end. */
interface Columns {
  /** the width of the subjects */
  subject: number
  /** the width of a text with an aside beside it, and of one without */
  room: number
  whole: number
}

/** A row with its text broken. */
interface BrokenRow extends TableRow {
  texts: string[]
  isBeside: boolean
}

/**
 * Lays rows out in three columns, indented, within a width. An aside that is too long for its column
 * stands below the text.
 *
 * @param width in characters; Infinity: nothing is broken
 */
export function layOut(rows: readonly TableRow[], width: number): string[] {
  const named = longest(rows.map((row) => row.subject).filter(fits(LONGEST_SUBJECT)))
  const subject = width - named < NARROW ? 0 : named
  const aside = longest(rows.map((row) => row.aside ?? '').filter(fits(LONGEST_ASIDE)))
  const whole = width - INDENT.length - subject - GAP.length
  const columns = { subject, room: whole - (aside === 0 ? 0 : GAP.length + aside), whole }
  const broken = rows.map((row) => breakRow(row, columns))
  const beside = broken.filter(({ isBeside }) => isBeside).map(({ texts: [text = ''] }) => text)
  const column = longest(beside.filter(fits(LONGEST_TEXT)))
  return broken.flatMap((row) => [...renderRow(row, columns, column), ...renderBelow(row, columns)])
}

function breakRow(row: TableRow, { room, whole }: Columns): BrokenRow {
  const { text, aside } = row
  const isBeside = aside !== undefined && room >= LEAST_TEXT && fits(LONGEST_ASIDE)(aside)
  return { ...row, isBeside, texts: wrapWords(text, isBeside ? room : whole) }
}

function renderRow(row: BrokenRow, columns: Columns, column: number): string[] {
  const { subject, texts, isBeside, aside = '' } = row
  const { paintSubject = plain, paintText = plain, paintAside = plain } = row
  const [text = '', ...more] = texts
  const margin = marginOf(columns)
  const head = INDENT + paintSubject(subject)
  const isLong = subject.length > columns.subject
  const opening = isLong ? margin : head + ' '.repeat(columns.subject - subject.length) + GAP
  const end = isBeside
    ? ' '.repeat(Math.max(0, column - text.length)) + GAP + paintAside(aside)
    : ''
  return [
    ...(isLong ? [head] : []),
    opening + paintText(text) + end,
    ...more.map((line) => margin + paintText(line)),
  ]
}

function renderBelow(row: BrokenRow, columns: Columns): string[] {
  const { aside, isBeside, lead = '', paintAside = plain } = row
  if (aside === undefined || isBeside) return []
  return wrapWords(aside, columns.whole - lead.length).map((line, index) => {
    const start = index === 0 ? lead : ' '.repeat(lead.length)
    return marginOf(columns) + start + paintAside(line)
  })
}

function marginOf({ subject }: Columns): string {
  return ' '.repeat(INDENT.length + subject + GAP.length)
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length))
}

function fits(most: number): (text: string) => boolean {
  return ({ length }) => length <= most
}

function plain(text: string): string {
  return text
}
