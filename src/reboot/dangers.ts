import { judgeNextBoot } from '../boot/next-boot.ts'
import { errorText } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { databasePath, readHostConf } from '../pacman/conf/conf.ts'
import { findDamaged } from '../pacman/database/local.ts'
import { readUnfinished } from '../pacman/unfinished.ts'
import { type Finding, unreadable } from '../sentinel/finding.ts'

/**
 * What would make a reboot useless or fatal: packages whose upgrade did not end, a damaged database,
 * a boot image that is not the installed kernel's. It is looked at where a reboot is due, and by
 * the gate. What cannot be seen is a danger, too.
 */
export function collectDangers(host: Host, deadline: Deadline): Finding[] {
  const dbPath = databasePath(readHostConf(host))
  return [
    ...collect('unfinished packages', () => unfinished(host)),
    ...collect('pacman’s database', () => damaged(host, dbPath)),
    ...collect('the next boot', () => nextBoot(host, dbPath, deadline)),
  ]
}

function collect(what: string, look: () => Finding[]): Finding[] {
  try {
    return look()
  } catch (error) {
    return [unreadable(`${what}: ${errorText(error)}`)]
  }
}

/** Packages that are named. */
const NAMED = 3

function unfinished(host: Host): Finding[] {
  const names = readUnfinished(host)
  if (names.length === 0) return []
  const what = `the upgrade of ${listed(names)} did not end, or a hook of it failed`
  return [danger('unfinished', what, 'kured-sentinel repair')]
}

function damaged(host: Host, dbPath: string): Finding[] {
  const names = findDamaged(host, dbPath).map(({ directory }) => directory)
  if (names.length === 0) return []
  const what = `pacman’s entries of ${listed(names)} are damaged, as a power cut leaves them`
  return [danger('unfinished', what, 'kured-sentinel repair')]
}

function nextBoot(host: Host, dbPath: string, deadline: Deadline): Finding[] {
  return judgeNextBoot(host, dbPath, deadline).flatMap(({ state, message, advice = '' }) =>
    state === 'wrong' ? [danger('boot', message, advice)] : [],
  )
}

function danger(kind: Finding['kind'], what: string, remedy: string): Finding {
  return { kind, effect: 'attention', message: `${what}. To do: ${remedy}` }
}

function listed(names: string[]): string {
  const more = names.length - NAMED
  return names.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
