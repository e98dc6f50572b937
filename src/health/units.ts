import type { Config } from '../config/config.ts'
import { HEALTH_SERVICE, NOTIFY_SERVICE, UNITS } from '../systemd/jobs.ts'
import { isUnitUp, type LoadedUnit } from '../systemd/loaded-units.ts'
import type { Baseline } from './baseline.ts'

/** This program's own: the jobs have their records, and health is what runs now. */
const OURS: readonly string[] = [...Object.values(UNITS), HEALTH_SERVICE, NOTIFY_SERVICE]

export interface UnitsJudgement {
  /** what is not well, each in one line */
  reasons: string[]
  /** automatic restarts so far of what must run, by unit */
  restarts: Record<string, number>
}

/**
 * Compares the units with those before the reboot.
 *
 * @param before undefined: the reboot was not planned, and nothing is known
 * @param earlier the restarts at the last look
 */
export function judgeUnits(
  units: readonly LoadedUnit[],
  before: Baseline | undefined,
  { healthUnits }: Pick<Config, 'healthUnits'>,
  earlier: UnitsJudgement['restarts'],
): UnitsJudgement {
  const find = (name: string) => units.find(({ names }) => names.includes(name))
  const back = (before?.active ?? []).filter((name) => !OURS.includes(name))
  const services = healthUnits.map((name) => (name.includes('.') ? name : `${name}.service`))
  const must = services.filter((name) => isEnabled(find(name)))
  const failed = units.filter((unit) => before !== undefined && isNewlyFailed(unit, before))
  const reasons = [
    ...back.map((name) => whyNotBack(name, find(name), find)),
    ...must.map((name) => whyNotUp(name, find(name))),
    ...failed.map(({ name }) => `${name} has failed`),
  ].filter((reason) => reason !== undefined)
  const restarts = Object.fromEntries(
    [...new Set([...back, ...must])].map((name) => [name, find(name)?.restarts ?? 0]),
  )
  const looping = Object.entries(restarts)
    .filter(([name, count]) => count > (earlier[name] ?? count))
    .map(([name]) => `${name} ends soon after each start`)
  return { reasons: [...new Set([...reasons, ...looping])], restarts }
}

function isEnabled(unit: LoadedUnit | undefined): boolean {
  return unit !== undefined && unit.enabled.startsWith('enabled')
}

function isNewlyFailed({ name, activeState, hasFile }: LoadedUnit, { failed }: Baseline): boolean {
  return activeState === 'failed' && hasFile && !failed.includes(name) && !OURS.includes(name)
}

/** undefined: it is up, or rightly not. */
function whyNotBack(
  name: string,
  unit: LoadedUnit | undefined,
  find: (name: string) => LoadedUnit | undefined,
): string | undefined {
  if (unit === undefined) return `${name} was active before the reboot, and is gone`
  if (unit.activeState !== 'inactive') return whyNotUp(name, unit)
  if (unit.hasJob) return `${name} has not been started yet`
  // It starts when it is needed, or this boot does not need it.
  const hasTrigger = unit.triggeredBy.some((trigger) => isUp(find(trigger)))
  if (hasTrigger || !unit.conditionsMet) return undefined
  return `${name} was active before the reboot, and is inactive`
}

function isUp(unit: LoadedUnit | undefined): boolean {
  return unit !== undefined && isUnitUp(unit)
}

function whyNotUp(name: string, unit: LoadedUnit | undefined): string | undefined {
  if (unit === undefined) return `${name} is gone`
  if (isUnitUp(unit)) return undefined
  if (unit.activeState === 'failed') return `${name} has failed`
  return `${name} is ${unit.activeState} (${unit.subState})`
}
