import { judgeNextBoot } from '../boot/next-boot.ts'
import { errorText } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { databasePath, readHostConf } from '../pacman/conf/conf.ts'
import { findDamaged } from '../pacman/database/local.ts'
import { describeCut, readUnfinished } from '../pacman/unfinished.ts'
import { type Finding, unreadable } from '../sentinel/finding.ts'

/**
 * What would make a reboot useless or fatal: packages whose upgrade did not end, a damaged database,
 * a boot image that is not the installed kernel's. It is looked at where a reboot is due, and by
 * the gate. What cannot be seen is a danger, too.
 */
export function collectDangers(host: Host, deadline: Deadline): Finding[] {
  const dbPath = databasePath(readHostConf(host))
  return [
    ...collect('pacman’s packages', () => cut(host, dbPath)),
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

/** What a cut upgrade has left. */
function cut(host: Host, dbPath: string): Finding[] {
  return describeCut(readUnfinished(host), findDamaged(host, dbPath)).map((what) =>
    danger('unfinished', what, 'kured-sentinel repair'),
  )
}

function nextBoot(host: Host, dbPath: string, deadline: Deadline): Finding[] {
  return judgeNextBoot(host, dbPath, deadline).flatMap(({ state, message, advice }) =>
    state === 'wrong' ? [danger('boot', message, advice)] : [],
  )
}

function danger(kind: Finding['kind'], message: string, remedy?: string): Finding {
  return { kind, effect: 'attention', message, ...(remedy !== undefined && { remedy }) }
}
