import type { StatusAside } from './status-aside.ts'
import type { Finding } from '../sentinel/finding.ts'
import type { CheckReport } from '../sentinel/check.ts'
import { printableJson } from '../text/printable.ts'

/** The report as one JSON object. A finding's effect is told by the list that it is in. */
export function renderJson(report: CheckReport, aside?: StatusAside): string {
  const { verdict, exitCode, reasons, ignored, checkedAt, bootId, durationMs } = report
  const plain = ({ effect: _, ...finding }: Finding) => finding
  return printableJson({
    verdict,
    exitCode,
    reasons: reasons.map(plain),
    ignored: ignored.map(plain),
    checkedAt,
    bootId,
    durationMs,
    notSeen: aside?.notSeen,
    kubelet: aside?.kubelet,
  })
}
