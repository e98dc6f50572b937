import { Host } from '../host/host.ts'
import { unifiedDiff } from '../text/diff.ts'
import { chooseUnits, type NamedOptions } from './choice.ts'
import { describeDifference } from './directives.ts'
import type { UnitOptions } from './options.ts'
import { whereToSave } from './save.ts'
import {
  below,
  dropIns,
  type HostUnitFile,
  inEtc,
  isPersons,
  UNIT_DIRECTORY,
  writtenNames,
} from './unit-files.ts'
import type { UnitFile } from './unit.ts'

/**
 * A change of one unit file in /etc/systemd/system. remove: we wrote the file, and the package has
 * what is wanted.
 */
export interface UnitChange {
  name: string
  path: string
  action: 'create' | 'replace' | 'remove'
  /** undefined: to be removed */
  text: string | undefined
  /** from the unit in effect to the new one */
  diff: string
  /** what the unit then does otherwise, in words; undefined where there is none yet */
  differs?: string
  /** the author of the replaced file, if that is not this program */
  overwrites?: Exclude<HostUnitFile['author'], 'generated'>
  /** where a person's file is kept */
  saved?: string
}

export interface UnitsPlan {
  changes: UnitChange[]
  /** units that are up to date, with their paths */
  unchanged: { name: string; path: string }[]
  /** units that this program wrote earlier and that these options do not need */
  surplus: string[]
}

/**
 * Compares the units with those on the host. The text of a package's unit is not written again.
 *
 * @param inEtcToo the name of a unit that is written even so
 */
export function planUnits(host: Host, units: readonly UnitFile[], inEtcToo?: string): UnitsPlan {
  const plan: UnitsPlan = { changes: [], unchanged: [], surplus: [] }
  for (const unit of units) {
    const [own, shipped] = [inEtc(host, unit.name), below(host, unit.name)]
    const counts = unit.name === inEtcToo ? own : (own ?? shipped)
    if (counts?.text === unit.text) plan.unchanged.push({ name: unit.name, path: counts.path })
    else plan.changes.push(changeFor(host, unit, own, shipped, unit.name === inEtcToo))
  }
  const asked = new Set(units.map(({ name }) => name))
  plan.surplus = writtenNames(host).filter((name) => !asked.has(name))
  return plan
}

function changeFor(
  host: Host,
  unit: UnitFile,
  own: HostUnitFile | undefined,
  shipped: HostUnitFile | undefined,
  inEtcToo: boolean,
): UnitChange {
  const path = `${UNIT_DIRECTORY}/${unit.name}`
  const before = own ?? shipped
  const foreign = own === undefined || own.author === 'generated' ? undefined : own.author
  const common = {
    name: unit.name,
    path,
    diff: unifiedDiff(before?.text ?? '', unit.text, path),
    ...(before && { differs: describeDifference(before.text, unit.text) }),
    ...(foreign && { overwrites: foreign }),
    ...(own && isPersons(own) && { saved: whereToSave(host, own.path) }),
  }
  if (shipped?.text === unit.text && !inEtcToo) {
    return { ...common, action: 'remove', text: undefined }
  }
  return { ...common, action: own === undefined ? 'create' : 'replace', text: unit.text }
}

export interface UnitsDiff extends Pick<UnitsPlan, 'changes' | 'surplus'> {
  /** whether the units in effect are those of the options, without others of this program */
  same: boolean
  options: UnitOptions
  /** of these options, what was not named now */
  remembered: string
  /** names of mount units that stay as they are, as nobody has named a mount's option */
  kept: string[]
  dropIns: string[]
}

/** Compares the host's units with those for what was chosen earlier, and what is named now. */
export async function compareUnits(
  named: NamedOptions,
  root: string | undefined,
): Promise<UnitsDiff> {
  const host = new Host(root)
  const { options, remembered, units, kept } = await chooseUnits(host, named)
  const { changes, surplus } = planUnits(host, units)
  // A different copy in /etc is a difference, also when the package has the right one.
  const same = changes.length === 0 && surplus.length === 0 && kept.length === 0
  const changed = units.flatMap(({ name }) => dropIns(host, name))
  return { same, options, remembered, changes, surplus, kept, dropIns: changed }
}
