/** A unit that is to be restarted, as far as its turn depends on it. */
interface Ordered {
  name: string
  after: readonly string[]
}

/**
 * The order of the restarts: first what others require, so that these are restarted along with it
 * and not a second time; and what is started after another comes after it. `systemctl try-restart`
 * with several names is no help here: it makes a transaction for each. [systemctl(1);
 * systemd, src/systemctl/systemctl-start-unit.c]
 *
 * @param dependents the units that each takes along, by its name
 */
export function inOrder<T extends Ordered>(
  units: readonly T[],
  dependents: ReadonlyMap<string, readonly { name: string }[]>,
): T[] {
  const sorted = units.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const takesAlong = (first: T, second: T) =>
    dependents.get(first.name)?.some(({ name }) => name === second.name) === true
  const ordered: T[] = []
  const visited = new Set<T>()
  const visit = (unit: T) => {
    // Also what leads back to itself ends here: systemd breaks such a circle at some place, too.
    if (visited.has(unit)) return
    visited.add(unit)
    for (const other of sorted) if (takesAlong(other, unit)) visit(other)
    for (const other of sorted) {
      if (unit.after.includes(other.name) && !takesAlong(unit, other)) visit(other)
    }
    ordered.push(unit)
  }
  for (const unit of sorted) visit(unit)
  return ordered
}
