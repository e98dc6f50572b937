import { createHash } from 'node:crypto'
import { ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { databasePath, logPath, readHostConf } from '../pacman/conf.ts'
import { lastTransaction } from '../pacman/log.ts'

/** What tells whether pacman has changed anything since. */
export interface Packages {
  /** a digest of the installed packages' names and versions */
  database: string
  /** pacman.log's last "transaction completed"; '' for none, null where the log cannot be read */
  transaction: string | null
}

/** Throws the system error where the local database or pacman.conf cannot be read. */
export function collectPackages(host: Host): Packages {
  const conf = readHostConf(host)
  const names = (ifThere(() => host.list(`${databasePath(conf)}/local`)) ?? []).toSorted()
  return {
    database: createHash('sha256').update(names.join('\n')).digest('hex'),
    transaction: lastTransaction(host, logPath(conf)) ?? null,
  }
}

/**
 * Whether a transaction lies between two looks. Either sign will do: a log can be rotated, turned
 * off or lost with the memory it is in, and a reinstallation leaves the database's names as they
 * are. A log that was or is not there to read is no sign at all.
 */
export function transactionBetween(before: Packages, after: Packages): boolean {
  if (before.database !== after.database) return true
  if (before.transaction === null || after.transaction === null || after.transaction === '')
    return false
  return before.transaction !== after.transaction
}
