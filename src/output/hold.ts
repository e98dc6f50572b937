import { durationText } from '../config/duration.ts'

export interface ShownHold {
  reason: string
  leftMs: number
  /** by the host's clock, ISO 8601 */
  until: string
}

/** A hold in one line, without its end. */
export function renderHold(hold: ShownHold | undefined): string {
  if (hold === undefined) return 'no hold'
  const { reason, leftMs, until } = hold
  return `held for ${durationText(leftMs)} more, until ${until}: ${reason}`
}
