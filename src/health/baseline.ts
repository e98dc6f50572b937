import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readState, removeState, writeState } from '../state/store.ts'
import { isUnitUp, type LoadedUnit, readLoadedUnits } from '../systemd/loaded-units.ts'

const NAME = 'before-reboot'
const SYSTEMD_MS = 20_000

/** The units before a planned reboot: what was up must come back, what had failed may fail again. */
export interface Baseline {
  bootId: string
  /** up, and started by every boot */
  active: string[]
  failed: string[]
}

/**
 * What the gate wrote before the last planned reboot.
 *
 * @throws SentinelError when it cannot be read
 */
export function readBaseline(host: Host): Baseline | undefined {
  const state = readState(host, NAME)
  if (state === undefined) return undefined
  const { bootId, active, failed } = state
  if (typeof bootId !== 'string' || !isList(active) || !isList(failed)) {
    throw new SentinelError(`${NAME}.json is damaged`)
  }
  return { bootId, active, failed }
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

/**
 * Writes what is up now, for the health after the boot. It keeps no reboot from happening: without it
 * less is compared.
 */
export function rememberUnits(host: Host): void {
  try {
    const units = readLoadedUnits(SYSTEMD_MS)
    writeState(host, NAME, { bootId: host.bootId(), ...toBaseline(units) })
  } catch {
    forgetUnits(host)
  }
}

/** The reboot was called off, or the boot after it was found healthy. */
export function forgetUnits(host: Host): void {
  try {
    removeState(host, NAME)
  } catch {
    // A later gate writes it anew.
  }
}

/** What every boot starts: units that the default target pulls in, directly or not. */
export function toBaseline(units: readonly LoadedUnit[]): Omit<Baseline, 'bootId'> {
  const started = startedByBoot(units)
  return {
    active: units.filter((unit) => started.has(unit) && isUnitUp(unit)).map(({ name }) => name),
    failed: units.filter(({ activeState }) => activeState === 'failed').map(({ name }) => name),
  }
}

/** A service that a timer or a person has started is none: its network-online.target neither. */
function startedByBoot(units: readonly LoadedUnit[]): Set<LoadedUnit> {
  const byName = new Map(units.flatMap((unit) => unit.names.map((name) => [name, unit])))
  const started = new Set<LoadedUnit>()
  const pull = (name: string) => {
    const unit = byName.get(name)
    if (unit === undefined || started.has(unit)) return
    started.add(unit)
    unit.wants.forEach(pull)
  }
  pull('default.target')
  for (const unit of started) if (!unit.hasFile) started.delete(unit)
  return started
}
