import type { Deadline } from '../host/deadline.ts'
import { fnmatch, isPattern } from '../text/fnmatch.ts'
import type { Host } from '../host/host.ts'
import { readAvailable, askGroups } from '../pacman/database/available.ts'
import { databasePath, listOption } from '../pacman/conf/conf.ts'
import type { ConfEntry } from '../pacman/conf/model.ts'
import type { ListKey } from './edit.ts'
import { installedVersions } from '../pacman/database/local.ts'
import { checkName } from './name.ts'
import { describeConfProblem, readValidConf } from '../pacman/conf/valid-conf.ts'

/** A package that an entry ignores. */
export interface IgnoredPackage {
  name: string
  installed?: string | undefined
  available?: string | undefined
}

/** An entry with its place and its packages: for a pattern or group, the installed ones. */
export interface IgnoredEntry extends ConfEntry {
  packages: IgnoredPackage[]
  warnings: string[]
}

export interface IgnoredList {
  key: ListKey
  entries: IgnoredEntry[]
  /** warnings that concern no single entry */
  warnings: string[]
}

/**
 * The effective entries of IgnorePkg or IgnoreGroup. pacman is asked for the available versions,
 * within the deadline; if that fails, there is a warning instead.
 *
 * @param pacmanConf a path of the host, which must be this machine itself
 * @throws SentinelError if the configuration or the local database cannot be read
 */
export function listIgnored(
  host: Host,
  pacmanConf: string,
  key: ListKey,
  deadline: Deadline,
): IgnoredList {
  const conf = readValidConf(host, pacmanConf)
  const warnings = conf.problems.map(describeConfProblem)
  const entries = listOption(conf, key)
  if (entries.length === 0) return { key, entries: [], warnings }
  const installed = installedVersions(host, databasePath(conf))
  const available = readAvailable(host, pacmanConf, conf, deadline)
  warnings.push(
    ...available.problems.map((problem) => `available versions are uncertain: ${problem}`),
  )
  const describe = (name: string): IgnoredPackage => ({
    name,
    installed: installed.get(name),
    available: available.versions.get(name),
  })
  const look =
    key === 'IgnorePkg'
      ? lookForName([...installed.keys()], describe)
      : lookForGroup(askGroups(pacmanConf, deadline), describe)
  const sure = available.problems.length === 0
  const ignored = entries.map((entry) => {
    const { packages, missing } = look(entry.name)
    const reason = checkName(entry.name)
    const doubts = missing ? [sure ? missing : `${missing}, as far as is known`] : []
    // The file may have entries that `ignore add` would refuse.
    return { ...entry, packages, warnings: [...(reason ? [reason] : []), ...doubts] }
  })
  return { key, entries: ignored, warnings }
}

/** The packages of an entry, and what is missing. */
type EntryLookup = (name: string) => { packages: IgnoredPackage[]; missing?: string }

function lookForName(installed: string[], describe: (name: string) => IgnoredPackage): EntryLookup {
  return (name) => {
    if (isPattern(name)) return { packages: installed.filter(fnmatch(name)).map(describe) }
    const one = describe(name)
    if (one.installed !== undefined || one.available !== undefined) return { packages: [one] }
    return { packages: [one], missing: 'is neither installed nor in any sync database' }
  }
}

function lookForGroup(
  groups: ReadonlyMap<string, Set<string>>,
  describe: (name: string) => IgnoredPackage,
): EntryLookup {
  return (pattern) => {
    const matches = fnmatch(pattern)
    const found = [...groups].filter(([name]) => matches(name)).flatMap(([, names]) => [...names])
    if (found.length === 0) return { packages: [], missing: 'has no packages' }
    const packages = [...new Set(found)].map(describe)
    return { packages: packages.filter(({ installed }) => installed !== undefined) }
  }
}
