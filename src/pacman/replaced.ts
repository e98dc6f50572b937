import { errorCode, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'

/**
 * Where the package's hook notes what each transaction of this boot replaces (hooks/, bin/). It is
 * gone with the boot, as /run is.
 */
export const REPLACED_FILE = '/run/kured-sentinel/replaced'

/** Made by the hook where it could not note all: no room in /run, as a rule. */
export const INCOMPLETE_FILE = '/run/kured-sentinel/incomplete'

/** Made when the host boots: the hook was there for all of this boot's transactions. (tmpfiles/) */
export const SINCE_BOOT_FILE = '/run/kured-sentinel/since-boot'

/** The files that pacman has replaced or removed in this boot, by its own word. */
export interface ReplacedFiles {
  count: number
  /** whether this is one of them; a path of the host, as "/usr/lib/libc.so.6" */
  has(path: string): boolean
  /** those in a directory, or further below it */
  below(directory: string): string[]
}

/** More than the code of any installation: 250,000 paths or so, of which each stands there once. */
const LARGEST = 16 * 2 ** 20

/**
 * Reads the list. A line "boot ID" says which boot it is of, for a /run that outlives one.
 *
 * @throws SentinelError where it cannot be relied upon; the system error where it cannot be read
 */
export function readReplaced(host: Host): ReplacedFiles {
  if (host.lstat(INCOMPLETE_FILE) !== undefined) {
    throw new SentinelError(
      `what pacman replaced could not be noted (${INCOMPLETE_FILE}): free space in /run, then reboot this host by hand: kured-sentinel reboot`,
    )
  }
  const boot = `boot ${host.bootId()}`
  const lines = readLines(host)
  const files = new Set(lines.includes(boot) ? lines : [])
  files.delete(boot)
  files.delete('')
  return {
    count: files.size,
    has: (path) => files.has(path.slice(1)),
    below: (directory) =>
      [...files].filter((path) => `/${path}`.startsWith(`${directory}/`)).map((path) => `/${path}`),
  }
}

function readLines(host: Host): string[] {
  try {
    return host.readText(REPLACED_FILE, LARGEST).split('\n')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}
