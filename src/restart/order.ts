/** A unit to restart, as far as the order depends on it. */
interface Ordered {
  name: string
  after: readonly string[]
}

/**
 * Sorts the units to restart. A unit that others require comes before them: they are restarted with
 * it, and not a second time. A unit that starts after another (After=) comes after it. `systemctl
 * try-restart` with several names does not sort: it makes a transaction for each. [systemctl(1);
 * systemd, src/systemctl/systemctl-start-unit.c]
 *
 * @param dependents the units that are restarted with each unit, by its name
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
    // Cycles end here: systemd breaks them somewhere, too.
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
