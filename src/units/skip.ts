import { readProperties } from '../systemd/bus.ts'
import type { RunRecord } from '../record/run-record.ts'

/** A run that was not made. `at` in ms since 1970. */
export interface Skip {
  at: number
  why: string
}

/** Of (type, is a trigger, is negated, its value, result): above 0 was met, 0 was not looked at. */
type Condition = [type: string, trigger: boolean, negate: boolean, value: string, result: number]

/**
 * Whether the last start of a service was a skip, and why. A Condition that was not met leaves no
 * other trace; after an ExecCondition that said no systemd calls the conditions not met as well,
 * though each of them was, and the record has the reason. [systemd, service_enter_condition]
 */
export function readSkip(service: string, run: RunRecord | undefined): Skip | undefined {
  const [met, at, conditions, active] = readProperties(service, 'Unit', [
    'ConditionResult',
    'ConditionTimestamp',
    'Conditions',
    'ActiveState',
  ])
  if (met !== false || typeof at !== 'number' || at === 0) return undefined
  if (active !== 'inactive' && active !== 'failed') return undefined
  const unmet = Array.isArray(conditions)
    ? conditions.filter(isCondition).filter(([, , , , result]) => result < 0)
    : []
  if (unmet.length > 0) {
    const named = unmet.map(([type, , negate, value]) => `${type}=${negate ? '!' : ''}${value}`)
    return { at: at / 1000, why: `${named.join(' and ')} was not met` }
  }
  const recorded = run?.outcome === 'skipped' ? run.reason : ''
  const why = recorded || `its ExecCondition said no; journalctl -u ${service} says why`
  return { at: at / 1000, why }
}

function isCondition(value: unknown): value is Condition {
  return Array.isArray(value) && value.length === 5 && typeof value[4] === 'number'
}
