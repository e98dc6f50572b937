import type { CheckReport } from '../sentinel/check.ts'
import type { Finding } from '../sentinel/finding.ts'

/** Whether anything asks for a reboot, be it held, put off or not certain. */
export function isDue({ reasons, ignored }: Pick<CheckReport, 'reasons' | 'ignored'>): boolean {
  return [...reasons, ...ignored].some(({ effect }) => effect === 'reboot')
}

/**
 * The answer for a person: what keeps a reboot back does not hide that it is due.
 *
 * @param by who holds it, and since when: " (root, today 13:02)"
 * @param isRoot whether root looked: others cannot see enough
 */
export function describeAnswer(
  report: Pick<CheckReport, 'verdict' | 'reasons' | 'ignored'>,
  { by = '', isRoot = true } = {},
): string {
  const due = isDue(report)
  const { verdict, reasons, ignored } = report
  if (verdict === 'reboot') return 'reboot due'
  if (verdict === 'attention') {
    if (!isRoot && reasons.every(isUnseen)) {
      return due ? 'reboot due, as far as can be seen' : 'not known: only root sees enough'
    }
    return due ? 'reboot due, but a person should look first' : 'no reboot, a person should look'
  }
  const [first] = reasons
  if (first === undefined || first.effect === 'reboot') return 'no reboot due'
  const why = reasons.map(({ message }) => message).join('; ')
  if (first.effect === 'busy') return due ? `reboot due, but ${why}` : `not known yet: ${why}`
  const look = ignored.some(({ effect }) => effect === 'attention') ? '; a person should look' : ''
  const held = first.kind === 'hold' ? why + by : `not yet: ${why}`
  return `${due ? 'reboot due' : 'no reboot due'}, ${held}${look}`
}

function isUnseen({ kind }: Finding): boolean {
  return kind === 'unreadable'
}
