import { describeNotSeen, type StatusAside } from './status-aside.ts'
import type { Finding } from '../sentinel/finding.ts'
import type { CheckReport } from '../sentinel/check.ts'
import { printable } from '../text/printable.ts'
import { chalk } from '../terminal/colours.ts'
import { describe } from './check-line.ts'

const HEADINGS = {
  reboot: chalk.yellow.bold('reboot required'),
  none: chalk.green.bold('no reboot required'),
  attention: chalk.red.bold('attention: no reboot, and a person should look'),
}

/** Every finding, for a person. */
export function renderExplanation(report: CheckReport, aside?: StatusAside): string {
  const lines = [HEADINGS[report.verdict]]
  lines.push(...report.reasons.map((finding) => `  ${describe(finding)}`))
  if (report.ignored.length > 0) lines.push('not counted:')
  lines.push(...report.ignored.map(renderIgnored))
  if (aside !== undefined) lines.push(...describeNotSeen(aside.notSeen).map(printable))
  if (aside?.kubelet !== undefined) lines.push(printable(aside.kubelet.message))
  const { checkedAt, bootId, durationMs } = report
  lines.push(chalk.dim(`checked at ${checkedAt} in ${durationMs} ms, boot ${printable(bootId)}`))
  return `${lines.join('\n')}\n`
}

function renderIgnored(finding: Finding): string {
  return `  ${describe(finding)} ${chalk.dim(`(${printable(finding.why ?? '')})`)}`
}
