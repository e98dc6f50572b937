import { type Finding, spoken } from '../sentinel/finding.ts'
import type { CheckReport } from '../sentinel/check.ts'
import { printable } from '../text/printable.ts'

/** Findings in one line of the log; --explain shows all. */
const SHOWN = 3

/** The verdict in one line, which Kured writes to its log. */
export function renderLine({ verdict, reasons }: CheckReport): string {
  const what = reasons.length === 0 ? '' : `: ${summarise(reasons)}`
  if (verdict === 'reboot') return `reboot required${what}\n`
  if (verdict === 'none') return `no reboot required${what}\n`
  return `attention, no reboot${what}\n`
}

function summarise(reasons: Finding[]): string {
  // One process may run many replaced files; it is named once.
  const named = [...new Map(reasons.map((finding) => [finding.pid ?? finding, finding])).values()]
  const shown = named.slice(0, SHOWN).map(describe)
  if (named.length > SHOWN)
    shown.push(`and ${named.length - SHOWN} more (see kured-sentinel status)`)
  return shown.join('; ')
}

/** A finding in words, with its unit. */
export function describe(finding: Pick<Finding, 'message' | 'unit' | 'remedy'>): string {
  const { unit } = finding
  return printable(unit === undefined ? spoken(finding) : `${spoken(finding)} (${unit})`)
}
