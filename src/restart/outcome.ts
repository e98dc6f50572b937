import { errorText } from '../errors.ts'
import type { Failed, Restarted } from './report.ts'
import { settle } from './systemd-actions.ts'
import { isUp, readUnits, type UnitState } from '../systemd/unit.ts'

/** A unit that was told to restart, or that goes along with one. */
export interface Attempt extends Restarted {
  before: UnitState
  /** what systemctl had to say against it */
  complaint: string
}

/** How long a service must be up to count as back. */
const BACK_MS = 2_000

/** How each unit is, once systemd is done with all of them, or the time is up. */
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

/** @param units how they are now, by name */
export function judge(touched: readonly Attempt[], units: ReadonlyMap<string, UnitState>) {
  const failed: Failed[] = []
  const restarted: Restarted[] = []
  for (const { before, complaint, ...told } of touched) {
    const unit = units.get(told.unit)
    if (unit === undefined) continue
    const isNew = unit.invocation !== before.invocation
    const why = whyNotBack(unit, isNew, complaint)
    if (why === undefined) restarted.push(told)
    // One that would go along with another, and did not, runs as it did.
    else if (isNew || !isUp(unit) || told.with === undefined) {
      const { name, activeState, subState, result, execMainStatus } = unit
      failed.push({ unit: name, why, activeState, subState, result, execMainStatus })
    }
  }
  return { failed, restarted }
}

/** @param isNew whether it was started since */
function whyNotBack(unit: UnitState, isNew: boolean, complaint: string): string | undefined {
  if (!isUp(unit)) return complaint || 'it did not come back'
  if (!isNew) return complaint || 'it was not restarted'
  if (unit.restarts > 0) return 'it ends soon after each start'
  return undefined
}
