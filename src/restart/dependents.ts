import { isUp, readUnits, type UnitState } from '../systemd/unit.ts'

/**
 * For each unit, the running units that systemd restarts together with it, directly or through
 * others. systemd passes a restart on as try-restart, which does nothing for a unit that does not
 * run, and is not passed on from there. [systemd, src/core/transaction.c,
 * transaction_add_job_and_dependencies]
 *
 * @param read asks systemd
 * @returns by the unit's name
 */
export function readDependents(
  units: readonly UnitState[],
  read: (names: readonly string[]) => ReadonlyMap<string, UnitState> = readUnits,
): Map<string, UnitState[]> {
  const known = new Map(units.map((unit) => [unit.name, unit]))
  for (let found = [...units]; found.length > 0;) {
    const names = new Set(found.flatMap(({ dependents }) => dependents))
    const next = read([...names].filter((name) => !known.has(name)))
    for (const [name, unit] of next) known.set(name, unit)
    found = [...next.values()].filter(isUp)
  }
  return new Map(units.map((unit) => [unit.name, follow(unit, known)]))
}

function follow(start: UnitState, known: ReadonlyMap<string, UnitState>): UnitState[] {
  const reached = new Set<UnitState>()
  const visit = ({ dependents }: UnitState) => {
    for (const name of dependents) {
      const unit = known.get(name)
      if (unit === undefined || unit === start || reached.has(unit) || !isUp(unit)) continue
      reached.add(unit)
      visit(unit)
    }
  }
  visit(start)
  return [...reached]
}
