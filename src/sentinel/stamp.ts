import { dirname } from 'node:path'
import { CONFIG_FILE } from '../config/config.ts'
import { UNHEALTHY_FILE } from '../health/state.ts'
import { isPattern } from '../text/fnmatch.ts'
import type { Host } from '../host/host.ts'
import type { Snapshot } from '../host/snapshot.ts'
import { databasePath, PACMAN_CONF, readHostConf } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { INCOMPLETE_FILE, REPLACED_FILE } from '../pacman/replaced.ts'
import { REQUEST_FILE } from './request-file.ts'

/**
 * Left by a clean check for bin/kured-sentinel. Its lines: the boot's ID, the path of pacman's lock, the
 * paths that the answer depends on, an empty line, and stat(1)'s output for those that exist. Only
 * root may read it.
 */
const STAMP_FILE = '/run/kured-sentinel/clean'

/** The content of a stamp. */
type Fingerprint = string

/**
 * The state, before the check, of all files that the answer depends on. Processes are not among it: none
 * begins to run old code unless pacman replaces files.
 *
 * @returns undefined if the files' states do not tell everything
 */
export function takeFingerprint(host: Snapshot): Fingerprint | undefined {
  try {
    const conf = readHostConf(host)
    const dbPath = databasePath(conf)
    const running = `/usr/lib/modules/${host.readText('/proc/sys/kernel/osrelease').trim()}`
    const paths = [
      ...new Set([PACMAN_CONF, ...conf.files, ...includeDirectories(conf)]),
      CONFIG_FILE,
      `${dbPath}/local`,
      '/usr/lib/modules',
      running,
      `${running}/vmlinuz`,
      `${running}/pkgbase`,
      UNHEALTHY_FILE,
      REQUEST_FILE,
      REPLACED_FILE,
      INCOMPLETE_FILE,
    ]
    // A line of the stamp is a path, and a shell reads it.
    if (!paths.every((path) => /^\/[^\p{Cc}\uFFFD]*$/u.test(path))) return undefined
    const head = [host.bootId(), `${dbPath}/db.lck`, ...paths, '']
    const states = paths.flatMap((path) => {
      const state = host.state(path)
      return state === undefined ? [] : [`${path} ${state}`]
    })
    return [...head, ...states, ''].join('\n')
  } catch {
    return undefined
  }
}

/** A file added to one of them changes the matches of a pattern. */
function includeDirectories({ directives }: PacmanConf): string[] {
  return directives
    .filter(({ key, value }) => key === 'Include' && value !== undefined && isPattern(value))
    .map(({ value = '' }) => {
      const directory = dirname(value)
      // A pattern in it stands for several directories; the caller refuses ''.
      return isPattern(directory) ? '' : directory
    })
}

/**
 * Writes the stamp of a clean check, or removes it. If that fails, the next check looks again.
 *
 * @param fingerprint undefined if the check was not clean, or depends on more than files
 */
export function leaveStamp(host: Host, fingerprint: Fingerprint | undefined): void {
  try {
    if (fingerprint === undefined) host.remove(STAMP_FILE)
    else {
      host.makeDirectory(dirname(STAMP_FILE))
      host.write(STAMP_FILE, fingerprint, 0o600)
    }
  } catch {
    // Nothing is lost but time.
  }
}
