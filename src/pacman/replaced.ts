import { errorCode, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'

/**
 * The list that the package's hook makes of the files that pacman replaces in this boot (hooks/,
 * bin/). A boot clears it, as it clears /run.
 */
export const REPLACED_FILE = '/run/kured-sentinel/replaced'

/** Made by the hook if it could not list everything, usually because /run is full. */
export const INCOMPLETE_FILE = '/run/kured-sentinel/incomplete'

/** Made at boot: the hook has seen all of this boot's transactions. (tmpfiles/) */
export const SINCE_BOOT_FILE = '/run/kured-sentinel/since-boot'

/** The files that pacman has replaced or removed in this boot, as it told the hook. */
export interface ReplacedFiles {
  count: number
  /** @param path a path of the host, such as "/usr/lib/libc.so.6" */
  has(path: string): boolean
  /** the files in a directory, or further below it */
  below(directory: string): string[]
}

/** In bytes. More than any installation needs: about 250,000 paths, each listed once. */
const LARGEST = 16 * 2 ** 20

/**
 * Reads the list. Its line "boot ID" names its boot, in case /run outlives the boot.
 *
 * @throws SentinelError if it is incomplete, or nothing can be added to it; the system error if it cannot be read
 */
export function readReplaced(host: Host): ReplacedFiles {
  if (host.lstat(INCOMPLETE_FILE) !== undefined) {
    throw new SentinelError(
      `the list of files that pacman replaced is incomplete (${INCOMPLETE_FILE}): free space in /run, then reboot this host by hand: kured-sentinel reboot`,
    )
  }
  if (host.isReadOnly('/run')) {
    throw new SentinelError(
      '/run is read-only, so nobody knows what pacman replaces: reboot this host by hand: kured-sentinel reboot',
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
