import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import type { ConfEntry } from '../pacman/conf/model.ts'
import { fnmatch, isPattern } from '../text/fnmatch.ts'
import { listIgnored } from './list.ts'

/**
 * Which of the names that were to be removed pacman still ignores, by another entry of the same
 * list: both lists take patterns, for packages and for groups. [libalpm/handle.c and package.c,
 * alpm_pkg_should_ignore]
 *
 * @param left the entries that stay in the list
 * @returns one line for each: "linux is still ignored, by linux* in /etc/pacman.conf"
 */
export function stillIgnored(names: readonly string[], left: readonly ConfEntry[]): string[] {
  const patterns = left.filter((entry) => isPattern(entry.name))
  return [...new Set(names)].flatMap((name) =>
    tell(
      name,
      patterns.filter((entry) => !names.includes(entry.name) && fnmatch(entry.name)(name)),
    ),
  )
}

/**
 * The same for packages, by a group. pacman is asked which packages a group has; without an answer,
 * nothing is said.
 */
export function stillInGroup(names: readonly string[], pacmanConf: string): string[] {
  try {
    const { entries } = listIgnored(new Host(), pacmanConf, 'IgnoreGroup', new Deadline(30_000))
    return [...new Set(names)].flatMap((name) =>
      tell(
        name,
        entries.filter(({ packages }) => packages.some((one) => one.name === name)),
        'the group ',
      ),
    )
  } catch {
    return []
  }
}

function tell(name: string, entries: readonly ConfEntry[], kind = ''): string[] {
  if (entries.length === 0) return []
  const by = [...new Set(entries.map((entry) => `${kind}${entry.name} in ${entry.file}`))]
  return [`${name} is still ignored, by ${by.join(' and ')}`]
}
