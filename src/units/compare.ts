import { Host } from '../host/host.ts'
import type { UnitOptions } from './options.ts'
import { planUnits, type UnitsPlan } from './plan.ts'
import { dropIns } from './unit-files.ts'
import { verifiedUnits } from './verify.ts'

export interface UnitsDiff extends Pick<UnitsPlan, 'changes' | 'surplus'> {
  /** whether what counts on the host is what the options give, and nothing beside it */
  same: boolean
  dropIns: string[]
}

/** What stands on the host, against what the generator gives for the options. */
export async function compareUnits(
  options: UnitOptions,
  root: string | undefined,
): Promise<UnitsDiff> {
  const host = new Host(root)
  const units = await verifiedUnits(options)
  const { changes, surplus } = planUnits(host, units)
  // A copy in /etc that says something else is a difference, also where the package has the right one.
  const same = changes.length === 0 && surplus.length === 0
  return { same, changes, surplus, dropIns: units.flatMap(({ name }) => dropIns(host, name)) }
}
