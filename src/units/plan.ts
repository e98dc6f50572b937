import { Host } from '../host/host.ts'
import { unifiedDiff } from '../text/diff.ts'
import type { UnitOptions } from './options.ts'
import {
  below,
  dropIns,
  type HostUnitFile,
  inEtc,
  UNIT_DIRECTORY,
  writtenNames,
} from './unit-files.ts'
import type { UnitFile } from './unit.ts'
import { verifiedUnits } from './verify.ts'

/**
 * A change of one unit file in /etc/systemd/system. remove: we wrote the file, and the package now
 * contains the same text.
 */
export interface UnitChange {
  name: string
  path: string
  action: 'create' | 'replace' | 'remove'
  /** undefined: to be removed */
  text: string | undefined
  /** from the unit in effect to the new one */
  diff: string
  /** the author of the replaced file, if that is not this program */
  overwrites?: Exclude<HostUnitFile['author'], 'generated'>
}

export interface UnitsPlan {
  changes: UnitChange[]
  /** units that are up to date, with their paths */
  unchanged: { name: string; path: string }[]
  /** units that this program wrote earlier and that these options do not need */
  surplus: string[]
}

/** Compares the units with those on the host. The text of a package's unit is not written again. */
export function planUnits(host: Host, units: readonly UnitFile[]): UnitsPlan {
  const plan: UnitsPlan = { changes: [], unchanged: [], surplus: [] }
  for (const unit of units) {
    const [own, shipped] = [inEtc(host, unit.name), below(host, unit.name)]
    const counts = own ?? shipped
    if (counts?.text === unit.text) plan.unchanged.push({ name: unit.name, path: counts.path })
    else plan.changes.push(changeFor(unit, own, shipped))
  }
  const asked = new Set(units.map(({ name }) => name))
  plan.surplus = writtenNames(host).filter((name) => !asked.has(name))
  return plan
}

function changeFor(unit: UnitFile, own?: HostUnitFile, shipped?: HostUnitFile): UnitChange {
  const path = `${UNIT_DIRECTORY}/${unit.name}`
  const before = own ?? shipped
  const foreign = own === undefined || own.author === 'generated' ? undefined : own.author
  const common = {
    name: unit.name,
    path,
    diff: unifiedDiff(before?.text ?? '', unit.text, path),
    ...(foreign && { overwrites: foreign }),
  }
  if (shipped?.text === unit.text) return { ...common, action: 'remove', text: undefined }
  return { ...common, action: own === undefined ? 'create' : 'replace', text: unit.text }
}

export interface UnitsDiff extends Pick<UnitsPlan, 'changes' | 'surplus'> {
  /** whether the units in effect are those of the options, without others of this program */
  same: boolean
  dropIns: string[]
}

/** Compares the host's units with the generated ones. */
export async function compareUnits(
  options: UnitOptions,
  root: string | undefined,
): Promise<UnitsDiff> {
  const host = new Host(root)
  const units = await verifiedUnits(options)
  const { changes, surplus } = planUnits(host, units)
  // A different copy in /etc is a difference, also when the package has the right one.
  const same = changes.length === 0 && surplus.length === 0
  return { same, changes, surplus, dropIns: units.flatMap(({ name }) => dropIns(host, name)) }
}
