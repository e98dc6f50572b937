import { readProperties } from '../systemd/bus.ts'
import type { RunRecord } from '../record/run-record.ts'

/** A skipped run. `at` in ms since 1970. */
export interface Skip {
  at: number
  why: string
}

/** A condition as systemd gives it; result: above 0 met, below 0 not met, 0 not checked. */
type Condition = [type: string, trigger: boolean, negate: boolean, value: string, result: number]

/**
 * Whether the last start of a service was skipped, and why. An unmet Condition…= leaves no other
 * trace. After a failed ExecCondition= ConditionResult is false too, although each condition was
 * met; the reason is in the record. [systemd, service_enter_condition]
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
  const why = recorded || `its ExecCondition= failed: see journalctl -u ${service}`
  return { at: at / 1000, why }
}

function isCondition(value: unknown): value is Condition {
  return Array.isArray(value) && value.length === 5 && typeof value[4] === 'number'
}
