import type { Answer } from '../envelope/commands.ts'
import type { State } from '../envelope/envelope.ts'
import type { CheckReport } from '../sentinel/check.ts'
import type { Effect, Finding } from '../sentinel/finding.ts'

const STATES: Record<Effect, State> = {
  reboot: 'due',
  attention: 'wrong',
  busy: 'waiting',
  held: 'waiting',
  none: 'note',
}

/** The report as `check --json` prints it. */
export function checkAnswer(report: CheckReport): Answer<'check'> {
  const { verdict, exitCode, reasons, ignored, checkedAt, bootId, durationMs } = report
  return {
    verdict,
    exitCode,
    findings: [
      ...reasons.map((finding) => factFinding(finding, true)),
      ...ignored.map((finding) => factFinding(finding, false)),
    ],
    details: { bootId, durationMs },
    at: checkedAt,
  }
}

function factFinding(finding: Finding, counts: boolean): Answer<'check'>['findings'][number] {
  const { kind, message, remedy = null, ...facts } = finding
  const { effect } = facts
  const isUnseen = kind === 'unreadable' && effect === 'attention'
  const state = isUnseen ? 'unknown' : STATES[effect]
  return { kind, state, message, advice: remedy, fields: { ...facts, counts } }
}
