import { durationText } from '../text/duration.ts'
import type { RebootOutcome } from '../reboot/reboot.ts'
import { printableLines } from '../text/printable.ts'

/** What came of it, or would, in one line. */
export function renderEnding(ending: RebootOutcome): string {
  return printableLines([describe(ending)])
}

export function renderWaiting(reason: string, waitMs: number): string {
  return printableLines([`waiting for up to ${durationText(waitMs)}: ${reason}`])
}

function describe({ answer, reason, dryRun, waitedMs }: RebootOutcome): string {
  if (answer === 'go') {
    if (dryRun) return 'would reboot now'
    const waited = waitedMs < 1000 ? '' : `, after waiting for ${durationText(waitedMs)}`
    return `rebooting${waited}`
  }
  if (answer === 'wait') return `would wait: ${reason}`
  return `${dryRun ? 'would refuse' : 'no reboot'}: ${reason}`
}
