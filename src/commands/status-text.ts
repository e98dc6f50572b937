import { describeAnswer } from '../reboot/answer.ts'
import { groupFindings, type Cause } from '../status/causes.ts'
import type { HostStatus } from '../status/status.ts'
import type { CheckReport } from '../sentinel/check.ts'
import { factsOf } from './status-facts.ts'
import { chalk } from '../terminal/colours.ts'
import { printable } from '../text/printable.ts'
import { layOut, type TableRow } from '../text/table.ts'
import { whenText } from '../text/when.ts'
import { wrapWords } from '../text/wrap.ts'

/**
 * One answer, what it rests on, and what stands beside it.
 *
 * @param width of the output, in columns
 */
export function renderStatus(status: HostStatus, width: number): string {
  const { report, hostName, heldBy, now, isRoot, kubelet } = status
  const isHeld = report.reasons.some(({ kind }) => kind === 'hold')
  const by = isHeld && heldBy ? ` (${heldBy.by}, ${whenText(Date.parse(heldBy.at), now)})` : ''
  const misfit = kubelet?.fits === false && report.verdict === 'reboot'
  const answer =
    describeAnswer(report, { by, isRoot }) + (misfit ? ', but the gate refuses it' : '')
  const heading = hostName === undefined ? answer : `${hostName}: ${answer}`
  return lines([
    ...wrapWords(printable(heading), width).map((line) => paintAnswer(report, line)),
    ...renderCauses(report, isRoot, width),
    ...layOut(factsOf(status, width).map(safe), width + 2).map((line) => line.slice(2)),
  ])
}

/** The answer and its causes, of a check alone. */
export function renderFindings(report: CheckReport, isRoot: boolean, width: number): string {
  const heading = wrapWords(printable(describeAnswer(report, { isRoot })), width)
  return lines([
    ...heading.map((line) => paintAnswer(report, line)),
    ...renderCauses(report, isRoot, width),
  ])
}

function lines(texts: readonly string[]): string {
  return `${texts.map((line) => line.trimEnd()).join('\n')}\n`
}

const ANSWERS = { reboot: chalk.yellow.bold, none: chalk.green.bold, attention: chalk.red.bold }

function paintAnswer({ verdict, reasons }: CheckReport, text: string): string {
  const isKept = verdict === 'none' && reasons.length > 0
  return isKept ? chalk.yellow.bold(text) : ANSWERS[verdict](text)
}

function renderCauses(report: CheckReport, isRoot: boolean, width: number): string[] {
  const causes = groupFindings(report, isRoot)
  const counted = causes.filter(({ weight }) => weight !== 'ignored').map(toRow)
  const ignored = causes.filter(({ weight }) => weight === 'ignored').map(toRow)
  return [
    ...layOut(counted, width),
    ...(ignored.length > 0 ? ['not counted:'] : []),
    ...layOut(ignored, width),
  ]
}

const PAINTS = { attention: chalk.red, due: chalk.bold, ignored: chalk.dim }

function toRow({ subject, text, aside, weight }: Cause): TableRow {
  return safe({
    subject,
    text,
    ...(aside !== undefined && { aside: weight === 'ignored' ? `(${aside})` : aside }),
    lead: weight === 'ignored' ? '' : 'do: ',
    paintSubject: PAINTS[weight],
    paintAside: weight === 'ignored' ? chalk.dim : chalk.cyan,
  })
}

function safe(row: TableRow): TableRow {
  const { subject, text, aside } = row
  return {
    ...row,
    subject: printable(subject),
    text: printable(text),
    ...(aside !== undefined && { aside: printable(aside) }),
  }
}
