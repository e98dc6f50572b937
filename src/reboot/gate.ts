import { durationText } from '../text/duration.ts'
import type { Deadline } from '../host/deadline.ts'
import type { RebootDecision } from './blockers.ts'

/** `-Syu` lets go of pacman's lock for a moment between its stages: only a second look tells. */
const SECOND_LOOK_MS = 100
const LOOK_EVERY_MS = 2000

export interface GateView {
  /** what speaks against a reboot at this moment */
  look: () => RebootDecision
  /** waits, and throws where this run is to end */
  pause: (ms: number) => Promise<void>
  /** is told what is waited for, each time that changes */
  waiting: (reason: string) => void
}

/**
 * The last gate before a reboot: waits until nothing speaks against it, seen twice.
 *
 * @returns "go", or what still speaks against it when the time is up, and whatever waiting does
 * not mend at once
 */
export async function passGate(view: GateView, patience: Deadline): Promise<RebootDecision> {
  let last = ''
  for (;;) {
    const outlook = await lookTwice(view)
    if (outlook.answer !== 'wait') return outlook
    if (patience.left() === 0) {
      const reason = `still busy after ${durationText(patience.limitMs)}: ${outlook.reason}`
      return { answer: 'not-now', reason }
    }
    if (outlook.reason !== last) view.waiting(outlook.reason)
    last = outlook.reason
    await view.pause(Math.min(LOOK_EVERY_MS, patience.left()))
  }
}

async function lookTwice({ look, pause }: GateView): Promise<RebootDecision> {
  const first = look()
  if (first.answer !== 'go') return first
  await pause(SECOND_LOOK_MS)
  return look()
}
