import { CHECKS } from '../doctor/checks.ts'
import { type Examination, examine } from '../doctor/examine.ts'
import type { DoctorLine } from '../doctor/line.ts'
import type { DiagnosisState } from '../text/diagnosis.ts'
import { Deadline } from '../host/deadline.ts'
import { Snapshot } from '../host/snapshot.ts'
import { write } from '../host/write.ts'
import { chalk } from '../terminal/colours.ts'
import { showProgress } from '../terminal/progress.ts'
import { printable, printableJson } from '../text/printable.ts'
import { wrapWords } from '../text/wrap.ts'

/** pacman and kubectl take seconds on a slow board. */
const LIMIT_MS = 120_000

/** `doctor`: looks at all that this host needs to take part. @returns 0 ok, 1 warnings, 2 wrong */
export async function doctor(json: true | undefined): Promise<number> {
  const examination = await examine(new Snapshot(), CHECKS, new Deadline(LIMIT_MS), (area) =>
    showProgress(`looking at ${area}`),
  )
  showProgress(undefined)
  write(1, json ? printableJson(examination) : renderExamination(examination))
  return examination.exitCode
}

const COLOURS: Record<DiagnosisState, (text: string) => string> = {
  ok: chalk.green,
  warning: chalk.yellow,
  wrong: chalk.red.bold,
}

const WIDTH = 80

/** A line for each finding, its advice below it, and the totals. */
export function renderExamination({ lines, durationMs }: Examination): string {
  const area = Math.max(0, ...lines.map((line) => line.area.length))
  const count = (state: DiagnosisState) => lines.filter((line) => line.state === state).length
  const sum = (['wrong', 'warning', 'ok'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => {
      const many = state === 'warning' && count(state) > 1
      return COLOURS[state](`${count(state)} ${state}${many ? 's' : ''}`)
    })
    .join(', ')
  const rows = lines.flatMap((line) => renderLine(line, area))
  return `${[...rows, `${sum} ${chalk.dim(`(in ${durationMs} ms)`)}`].join('\n')}\n`
}

function renderLine({ state, area, message, advice }: DoctorLine, width: number): string[] {
  const indent = ' '.repeat('warning'.length + 2 + width + 2)
  const [first = '', ...more] = wrapWords(printable(message), WIDTH - indent.length)
  const [todo, ...rest] =
    advice === undefined ? [] : wrapWords(printable(advice), WIDTH - indent.length - 4)
  return [
    `${COLOURS[state](state.padEnd('warning'.length))}  ${area.padEnd(width)}  ${first}`,
    ...more.map((text) => indent + text),
    ...(todo === undefined ? [] : [`${indent}${chalk.dim('do:')} ${todo}`]),
    ...rest.map((text) => `${indent}    ${text}`),
  ]
}
