import { durationText } from '../text/duration.ts'
import type { Deadline } from '../host/deadline.ts'
import type { RebootDecision } from './blockers.ts'

/** `-Syu` releases pacman's lock for a moment between its stages: so we look twice. */
const SECOND_LOOK_MS = 100
const LOOK_EVERY_MS = 2000

export interface GateView {
  /** whether the host can reboot at this moment */
  look: () => RebootDecision
  /** waits; throws when this run must end */
  pause: (ms: number) => Promise<void>
  /** called with each new reason to wait */
  waiting: (reason: string) => void
}

/**
 * The last gate before a reboot: waits until two looks in a row find no blocker.
 *
 * @returns "go"; or "not-now" with the blocker when the time is up; or at once the decision that
 * waiting does not change
 */
export async function passGate(view: GateView, patience: Deadline): Promise<RebootDecision> {
  let last = ''
  for (;;) {
    const decision = await lookTwice(view)
    if (decision.answer !== 'wait') return decision
    if (patience.left() === 0) {
      const reason = `still busy after ${durationText(patience.limitMs)}: ${decision.reason}`
      return { answer: 'not-now', reason }
    }
    if (decision.reason !== last) view.waiting(decision.reason)
    last = decision.reason
    await view.pause(Math.min(LOOK_EVERY_MS, patience.left()))
  }
}

/**
 * passGate() with last steps that take their time, such as a question to a server, or a word to the fleet.
 * They come again after each wait.
 *
 * @param prepare gives the reason against a reboot, if there is one
 */
export async function passGateAnd(
  view: GateView,
  patience: Deadline,
  prepare: () => Promise<string | undefined>,
): Promise<RebootDecision> {
  for (;;) {
    const decision = await passGate(view, patience)
    if (decision.answer !== 'go') return decision
    const reason = await prepare()
    if (reason !== undefined) return { answer: 'attention', reason }
    // Something may have begun meanwhile, or this run must end.
    const again = await lookTwice(view)
    if (again.answer !== 'wait') return again
  }
}

async function lookTwice({ look, pause }: GateView): Promise<RebootDecision> {
  const first = look()
  if (first.answer !== 'go') return first
  await pause(SECOND_LOOK_MS)
  return look()
}
