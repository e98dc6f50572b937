import type { Deadline } from '../../host/deadline.ts'
import type { Host } from '../../host/host.ts'
import { askNewestDatabase } from './copy.ts'
import { readLock, readLockState } from '../lock.ts'

/**
 * A DBPath of the cache host's own: pacman refreshes these databases, and hosts go on with the shared
 * ones until all packages are there. In /var/cache, as all of it can be had again; pacman's
 * DownloadUser can enter it.
 */
export const STAGING = '/var/cache/kured-sentinel/staging'

/** Makes the directory for the next refresh: with the installed packages by a link, and no lock. */
export function prepareStaging(host: Host, dbPath: string, deadline: Deadline): void {
  host.makeDirectory(`${STAGING}/sync`)
  const link = `${STAGING}/local`
  const target = `${dbPath}/local`
  const there = host.lstat(link)
  if (there?.isSymbolicLink() !== true || host.readLink(link) !== target) {
    host.removeTree(link)
    host.makeLink(link, target)
  }
  removeLeftLock(host, deadline)
}

/** Only this program's unit uses the lock: one that no pacman has open was left by one that was killed. */
function removeLeftLock(host: Host, deadline: Deadline): void {
  const lock = readLock(host, STAGING)
  if (lock === undefined) return
  const { holder } = readLockState(host, lock, Infinity, deadline)
  if (holder === undefined) host.remove(lock.path)
}

/**
 * Where the newest databases are: those that a publication is about to give to all, or the host's own.
 *
 * @param names of the repositories
 * @returns a DBPath, whose installed packages are the host's
 */
export async function newestDatabases(
  host: Host,
  dbPath: string,
  names: readonly string[],
  deadline: Deadline,
): Promise<string> {
  if (host.lstat(`${STAGING}/local`) === undefined) return dbPath
  const ageOf = async (path: string) => {
    try {
      return (await askNewestDatabase(host.path(path), names, deadline)).getTime()
    } catch {
      return 0
    }
  }
  return (await ageOf(STAGING)) > (await ageOf(dbPath)) ? STAGING : dbPath
}
