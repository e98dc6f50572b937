import type { Host } from '../host/host.ts'
import { readChosen } from './chosen.ts'
import { DEFAULTS, unitsCommand, type UnitOptions } from './options.ts'
import { inEtc, isMountUnit } from './unit-files.ts'
import type { UnitFile } from './unit.ts'
import { verifiedUnits } from './verify.ts'

/** The options that somebody has named; for the others, what was chosen earlier stays. */
export type NamedOptions = Partial<UnitOptions>

/** The units for a host: by what was chosen for it earlier, and what is named now. */
export interface Choice {
  options: UnitOptions
  /** those of them that were chosen earlier and not named now, as on a command line */
  remembered: string
  units: UnitFile[]
  /** names of mount units that stay as they are, or stay away: nobody has named a mount's option */
  kept: string[]
  mayChangeMounts: boolean
}

/** @throws SentinelError with the option or the line, and the reason */
export async function chooseUnits(host: Host, named: NamedOptions): Promise<Choice> {
  const chosen = readChosen(host)
  const { options, units: wanted } = await verifiedUnits(merge(chosen, named))
  const remembered = unitsCommand({ ...options, ...defaultsOf(named) })
  const mayChangeMounts = namesMounts(chosen, named)
  const common = { options, remembered, mayChangeMounts }
  if (mayChangeMounts) return { ...common, units: wanted, kept: [] }
  const kept: string[] = []
  const units = wanted.flatMap((unit) => {
    if (!isMountUnit(unit.name)) return [unit]
    const there = inEtc(host, unit.name)
    if (there?.text !== unit.text) kept.push(unit.name)
    return there === undefined ? [] : [{ ...unit, text: there.text }]
  })
  return { ...common, units, kept }
}

function defaultsOf(named: NamedOptions): NamedOptions {
  return Object.fromEntries(Object.entries(DEFAULTS).filter(([key]) => key in named))
}

/** What is named wins over what was chosen; --local and --nfs exclude each other. */
export function merge(chosen: UnitOptions, named: NamedOptions): UnitOptions {
  const isMounted = (named.nfs?.length ?? 0) > 0
  const isLocal = named.local === true && !isMounted
  return {
    ...chosen,
    ...(isMounted && { local: false }),
    ...((isLocal || named.nfs?.length === 0) && { nfs: [], automount: false }),
    ...named,
  }
}

/** A role decides whether the mounts are read-only; the directories, where they are. */
function namesMounts(chosen: UnitOptions, named: NamedOptions): boolean {
  const { nfs, automount, local, syncDir, cacheDir, role = chosen.role } = named
  const told = [nfs, automount, local, syncDir, cacheDir].some((option) => option !== undefined)
  return told || role !== chosen.role
}
