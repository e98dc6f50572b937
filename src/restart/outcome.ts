import { errorText } from '../errors.ts'
import type { Failed, Restarted } from './report.ts'
import { settle } from './systemd-actions.ts'
import { isUp, readUnits, type UnitState } from '../systemd/unit.ts'

/** A unit that was restarted, directly or together with another. */
export interface Attempt extends Restarted {
  before: UnitState
  /** systemctl's error; '' when there was none */
  complaint: string
}

/** Time for which a service must be up to count as back. */
const BACK_MS = 2_000

/** The state of each unit when systemd is done with all of them, or the time is up. */
export async function readOutcome(
  touched: readonly Attempt[],
  limitMs: number,
): Promise<{ failed: Failed[]; restarted: Restarted[] }> {
  const names = touched.map(({ unit }) => unit)
  const patient = touched.filter(({ complaint }) => complaint === '')
  try {
    await settle(
      patient.map(({ unit }) => unit),
      BACK_MS,
      limitMs,
    )
    return judge(touched, readUnits(names))
  } catch (error) {
    return { failed: names.map((unit) => ({ unit, why: errorText(error) })), restarted: [] }
  }
}

/** @param units their present state, by name */
export function judge(touched: readonly Attempt[], units: ReadonlyMap<string, UnitState>) {
  const failed: Failed[] = []
  const restarted: Restarted[] = []
  for (const { before, complaint, ...told } of touched) {
    const unit = units.get(told.unit)
    if (unit === undefined) continue
    const isNew = unit.invocation !== before.invocation
    const why = whyNotBack(unit, isNew, complaint)
    if (why === undefined) restarted.push(told)
    // The unit was not restarted together with the other one, and runs as before: no failure.
    else if (isNew || !isUp(unit) || told.with === undefined) {
      const { name, activeState, subState, result, execMainStatus } = unit
      failed.push({ unit: name, why, activeState, subState, result, execMainStatus })
    }
  }
  return { failed, restarted }
}

/** @param isNew whether it was started again since */
function whyNotBack(unit: UnitState, isNew: boolean, complaint: string): string | undefined {
  if (!isUp(unit)) return complaint || 'it did not come back'
  if (!isNew) return complaint || 'it was not restarted'
  if (unit.restarts > 0) return 'it exits soon after each start'
  return undefined
}
