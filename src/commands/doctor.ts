import { CHECKS } from '../doctor/checks.ts'
import { type Examination, examine } from '../doctor/examine.ts'
import type { DoctorLine } from '../doctor/line.ts'
import type { DiagnosisState } from '../text/diagnosis.ts'
import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { Deadline } from '../host/deadline.ts'
import { Snapshot } from '../host/snapshot.ts'
import { write } from '../host/write.ts'
import { chalk } from '../terminal/colours.ts'
import { outputWidth } from '../terminal/width.ts'
import { showProgress } from '../terminal/progress.ts'
import { printable } from '../text/printable.ts'
import { wrapWords } from '../text/wrap.ts'

/** pacman and kubectl take seconds on a slow board. */
const LIMIT_MS = 120_000

/** `doctor`: looks at all that this host needs to take part. Its exit codes: 0 ok, 1 warnings, 2 wrong. */
export async function doctor(json: true | undefined): Promise<Answer<'doctor'>> {
  const examination = await examine(new Snapshot(), CHECKS, new Deadline(LIMIT_MS), (area) =>
    showProgress(`looking at ${area}`),
  )
  showProgress(undefined)
  if (!json) write(1, renderExamination(examination, outputWidth()))
  const { state, exitCode, lines, checkedAt, durationMs } = examination
  return {
    verdict: state,
    exitCode,
    findings: lines.map((line) => plainFinding(line.state, line.area, line.message, line.advice)),
    details: { durationMs },
    at: checkedAt,
  }
}

const COLOURS: Record<DiagnosisState, (text: string) => string> = {
  ok: chalk.green,
  unknown: chalk.cyan,
  warning: chalk.yellow,
  wrong: chalk.red.bold,
}

/** What a person acts on stands last, above the prompt. */
const ORDER: readonly DiagnosisState[] = ['ok', 'unknown', 'warning', 'wrong']

/**
 * A line for each finding, its advice below it, and the totals; problems come last.
 *
 * @param width of the output, in columns
 */
export function renderExamination({ lines, durationMs }: Examination, width: number): string {
  const area = Math.max(0, ...lines.map((line) => line.area.length))
  const of = (state: DiagnosisState) => lines.filter((line) => line.state === state)
  const sum = ORDER.toReversed()
    .filter((state) => of(state).length > 0)
    .map((state) => {
      const count = of(state).length
      return COLOURS[state](`${count} ${state}${state === 'warning' && count > 1 ? 's' : ''}`)
    })
    .join(', ')
  const rows = ORDER.flatMap(of).flatMap((line) => renderLine(line, area, width))
  return `${[...rows, `${sum} ${chalk.dim(`(in ${durationMs} ms)`)}`].join('\n')}\n`
}

const STATE_LENGTH = Math.max(...ORDER.map((state) => state.length))

function renderLine(line: DoctorLine, areaLength: number, width: number): string[] {
  const { state, area, message, advice } = line
  const indent = ' '.repeat(STATE_LENGTH + 2 + areaLength + 2)
  const [first = '', ...more] = wrapWords(printable(message), width - indent.length)
  const [todo, ...rest] =
    advice === undefined ? [] : wrapWords(printable(advice), width - indent.length - 4)
  return [
    `${COLOURS[state](state.padEnd(STATE_LENGTH))}  ${area.padEnd(areaLength)}  ${first}`,
    ...more.map((text) => indent + text),
    ...(todo === undefined ? [] : [`${indent}${chalk.dim('do:')} ${todo}`]),
    ...rest.map((text) => `${indent}    ${text}`),
  ]
}
