import { adviceForSilence, judgeMount, mountAdvice } from '../preflight/mounts.ts'
import type { Mounted } from '../proc/mountinfo.ts'
import { UNITS } from '../systemd/jobs.ts'
import { ok, type DoctorFinding, unknown, warning, wrong } from './line.ts'

/** The facts about one of the two shared directories. */
export interface Directory {
  path: string
  mounted: Mounted | undefined
  /** why its server does not answer */
  silent?: string
  /** why root of this host may not write there; '' if the server gives no reason */
  unwritable?: string
  /** a file there belongs to nobody: the server maps root to nobody; undefined: not looked at */
  squashed?: boolean
}

/** What is expected of the host. */
export interface Wanted {
  /** undefined if no unit tells */
  mounts: boolean | undefined
  cacheHost: boolean
  /** pacman 7's DownloadUser */
  downloadUser: string | undefined
  types: readonly string[]
}

/**
 * Where to look, and whether pacman looks there too.
 *
 * @param named the directory that the unit names; undefined: the one that pacman uses
 * @param pacmans those that pacman uses
 */
export function wantedPlace(
  named: string | undefined,
  pacmans: readonly string[],
): { path: string; disagreement?: DoctorFinding } {
  const path = named ?? pacmans[0] ?? ''
  if (pacmans.includes(path)) return { path }
  const message = `${UNITS.upgrade} wants ${path}, and pacman uses ${pacmans.join(' and ')}`
  const advice = 'let pacman.conf and kured-sentinel units install name the same'
  return { path, disagreement: wrong(message, advice) }
}

export function judgeDirectory(directory: Directory, wanted: Wanted): DoctorFinding[] {
  const { path, mounted, silent, unwritable, squashed } = directory
  if (silent !== undefined) {
    const missing = mounted === undefined && /No such file or directory/.test(silent)
    if (missing) {
      const make = path.endsWith('/sync') ? 'pacman -Sy' : `mkdir -p ${path}`
      return [wrong(`${path} does not exist`, wanted.mounts === false ? make : mountAdvice(path))]
    }
    const from = mounted === undefined ? '' : ` (${mounted.source})`
    return [wrong(`${path}${from} does not answer: ${silent}`, adviceForSilence(silent, path))]
  }
  const place = judgeMounted(path, mounted, wanted)
  const said = [place]
  // Without the share its mount point is a directory of this host's own.
  if (!wanted.cacheHost || place.state !== 'ok') return said
  const remedy = 'export it to this host with no_root_squash'
  if (unwritable !== undefined) {
    const why = unwritable || 'it is read-only, or its server maps root to nobody'
    return [...said, wrong(`${path} cannot be written to: ${why}`, remedy)]
  }
  if (squashed === undefined) {
    const what = `only root can see whether this cache host may write to ${path}`
    return [...said, unknown(what, 'run it as root')]
  }
  if (!squashed) return [...said, ok(`${path} can be written to by this cache host`)]
  const user = wanted.downloadUser
  const message = `${path} has files of nobody: its server maps root to nobody`
  if (user === undefined) return [...said, warning(message, remedy)]
  const advice = `${remedy}, or unset DownloadUser in pacman.conf`
  return [...said, wrong(`${message}, so pacman cannot give its downloads to ${user}`, advice)]
}

function judgeMounted(path: string, mounted: Mounted | undefined, wanted: Wanted): DoctorFinding {
  if (wanted.mounts === false) return ok(`${path} answers; no mount is expected (--local)`)
  const { result, message } = judgeMount(path, mounted, wanted.types)
  if (result !== 'ok') {
    const advice = mountAdvice(path)
    return wanted.mounts === true ? wrong(message, advice) : warning(message, advice)
  }
  const isNfs = /^nfs4?$/.test(mounted?.type ?? '')
  return ok(isNfs ? message : `${message}, not NFS`)
}
