import { errorCode } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { InstalledPackage } from './database/local.ts'
import { listed } from '../text/listed.ts'
import { STATE_DIRECTORY, withStateLock } from '../state/store.ts'

/**
 * The packages whose transaction did not end well, one name a line, sorted. pacman's hooks write it
 * (hooks/, bin/note-unfinished): a package is on the list, on the disk, before pacman changes
 * anything, and leaves it when pacman and all hooks are done and the files are on the disk. So
 * neither a power cut nor a lost log hides a cut transaction.
 */
export const UNFINISHED_FILE = `${STATE_DIRECTORY}/unfinished`

/** In bytes: far more than the names of all packages of a host. */
const LARGEST = 2 ** 20

/** The unfinished packages' names. Throws the system error if the list cannot be read. */
export function readUnfinished(host: Host): string[] {
  try {
    const names = host.readText(UNFINISHED_FILE, LARGEST).split('\n')
    return names.filter((name) => name !== '')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Packages that are named. */
const NAMED = 3

/** What a cut upgrade has left, each in one line. */
export function describeCut(
  unfinished: readonly string[],
  damaged: readonly InstalledPackage[],
): string[] {
  const entries = damaged.map(({ directory }) => directory)
  return [
    ...(unfinished.length === 0
      ? []
      : [`the upgrade of ${listed(unfinished, NAMED)} did not end, or a hook of it failed`]),
    ...(entries.length === 0
      ? []
      : [`pacman’s entries of ${listed(entries, NAMED)} are damaged, as a power cut leaves them`]),
  ]
}

/**
 * Changes the list under its lock. Synced before it returns.
 *
 * @param change gives the new names from those of the list
 * @throws SentinelError, or the system error, if that fails; the old list then stays
 */
export function changeUnfinished(host: Host, change: (names: string[]) => string[]): void {
  withStateLock(host, () => {
    const before = readUnfinished(host)
    const after = [...new Set(change(before))].toSorted()
    if (after.join('\n') !== before.join('\n')) {
      host.write(UNFINISHED_FILE, after.map((name) => `${name}\n`).join(''))
    }
  })
}

/** Empties the list, also one that cannot be read. @returns the names that were on it */
export function clearUnfinished(host: Host): string[] {
  return withStateLock(host, () => {
    let names: string[] = []
    try {
      names = readUnfinished(host)
    } catch {
      // Garbage, or something else in its place.
    }
    host.write(UNFINISHED_FILE, '')
    return names
  })
}
