import { durationText } from '../text/duration.ts'
import { printableLines } from '../text/printable.ts'

export interface ShownHold {
  reason: string
  leftMs: number
  /** by the host's clock, ISO 8601 */
  until: string
}

/** A hold in one line. */
export function renderHold(hold: ShownHold | undefined): string {
  if (hold === undefined) return 'no hold\n'
  const { reason, leftMs, until } = hold
  return printableLines([`held for ${durationText(leftMs)} more, until ${until}: ${reason}`])
}
