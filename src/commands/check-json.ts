import type { Finding } from '../sentinel/finding.ts'
import type { CheckReport } from '../sentinel/check.ts'
import { printableJson } from '../text/printable.ts'

/** The report as one JSON object. A finding's effect is told by the list that it is in. */
export function renderJson(report: CheckReport): string {
  return printableJson(plainReport(report))
}

/** The part of the report that JSON has. */
export function plainReport(report: CheckReport) {
  const { verdict, exitCode, reasons, ignored, checkedAt, bootId, durationMs } = report
  const plain = ({ effect: _, ...finding }: Finding) => finding
  return {
    verdict,
    exitCode,
    reasons: reasons.map(plain),
    ignored: ignored.map(plain),
    checkedAt,
    bootId,
    durationMs,
  }
}
