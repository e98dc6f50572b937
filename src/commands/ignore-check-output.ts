import { describeBlocker } from '../ignored/blockers.ts'
import type { IgnoredCheck } from '../ignored/check.ts'
import type { WaitingPackage } from '../ignored/simulation-output.ts'
import { printableLines } from '../text/printable.ts'

const HEADINGS = {
  fine: 'what is held does not stop the next upgrade',
  blocked: 'the next upgrade fails because of what is held:',
  unknown: 'could not tell: the next upgrade fails with nothing held as well:',
}

/** The verdict, its reasons, and what else waits. */
export function renderHoldsCheck(check: IgnoredCheck): string {
  const { verdict, blockers, waiting, errors, warnings, databasesFrom } = check
  const lines = [HEADINGS[verdict]]
  const words = verdict === 'unknown' || blockers.length === 0 ? errors : []
  lines.push(...[...words, ...blockers.map(describeBlocker)].map((line) => `  ${line}`))
  if (waiting.length > 0) lines.push('held, and waiting to be upgraded:')
  lines.push(...waiting.map((one) => `  ${waits(one)}`))
  if (databasesFrom !== undefined) {
    lines.push(`by the sync databases of ${databasesFrom.toISOString()}`)
  }
  lines.push(...warnings.map((warning) => `warning: ${warning}`))
  return printableLines(lines)
}

function waits({ name, installed, available, replacement }: WaitingPackage): string {
  return `${name} ${installed} -> ${replacement === undefined ? '' : `${replacement} `}${available}`
}
