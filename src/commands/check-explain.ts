import { isRoot } from '../host/caller.ts'
import type { CheckReport } from '../sentinel/check.ts'
import { outputWidth } from '../terminal/width.ts'
import { renderFindings } from './status-text.ts'

/** Every finding, for a person. */
export function renderExplanation(report: CheckReport): string {
  return renderFindings(report, isRoot(), outputWidth())
}
