import { dirname } from 'node:path'
import { CONFIG_FILE } from '../config/config.ts'
import { isPattern } from '../text/fnmatch.ts'
import type { Host } from '../host/host.ts'
import type { Snapshot } from '../host/snapshot.ts'
import { databasePath, PACMAN_CONF, readHostConf } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { INCOMPLETE_FILE, REPLACED_FILE } from '../pacman/replaced.ts'

/**
 * What a clean look leaves, for bin/kured-sentinel, in lines: the boot's ID, the path of pacman's
 * lock, the paths that the answer rests on, an empty line, and what stat(1) says of those that are
 * there. Only root may read it.
 */
const STAMP_FILE = '/run/kured-sentinel/clean'

/** The content of a stamp. */
type Fingerprint = string

/**
 * Takes down, before the look, the state of all that an answer rests on but the processes: of those none can begin to
 * run old code unless pacman replaces some.
 *
 * @returns undefined where not all of it can be told by the state of files
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

/** A file that is added to one of them changes what a pattern matches. */
function includeDirectories({ directives }: PacmanConf): string[] {
  return directives
    .filter(({ key, value }) => key === 'Include' && value !== undefined && isPattern(value))
    .map(({ value = '' }) => {
      const directory = dirname(value)
      // With a pattern in it, it is several; see the line of the caller that refuses this.
      return isPattern(directory) ? '' : directory
    })
}

/**
 * Leaves the stamp of a clean look, or none. Where that fails, the next check looks again.
 *
 * @param fingerprint undefined where the look was not clean, or something else than files tells
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
