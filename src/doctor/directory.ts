import { judgeMount } from '../preflight/mounts.ts'
import type { Mounted } from '../proc/mountinfo.ts'
import { ok, type DoctorFinding, warning, wrong } from './line.ts'

/** What is known of one of the two directories. */
export interface Directory {
  path: string
  mounted: Mounted | undefined
  /** why its server does not answer */
  silent?: string
  /** why root of this host may not write there; '' where the server does not say */
  unwritable?: string
  /** a file there belongs to nobody: the server does not let root be root; undefined: not seen */
  squashed?: boolean
}

/** What is expected of the host. */
export interface Wanted {
  /** undefined where no unit says so */
  mounts: boolean | undefined
  cacheHost: boolean
  /** pacman 7's DownloadUser */
  downloadUser: string | undefined
  types: readonly string[]
}

export function judgeDirectory(directory: Directory, wanted: Wanted): DoctorFinding[] {
  const { path, mounted, silent, unwritable, squashed } = directory
  if (silent !== undefined) {
    const missing = mounted === undefined && /No such file or directory/.test(silent)
    if (missing) return [wrong(`${path} does not exist`, setUp(path))]
    const from = mounted === undefined ? '' : ` (${mounted.source})`
    return [wrong(`${path}${from} does not answer: ${silent}`, 'see whether its server is up')]
  }
  const said = [judgeMounted(path, mounted, wanted)]
  if (!wanted.cacheHost) return said
  const remedy = 'export it to this host with no_root_squash'
  if (unwritable !== undefined) {
    const why = unwritable || 'it is read-only, or its server maps root to nobody'
    return [...said, wrong(`${path} cannot be written to: ${why}`, remedy)]
  }
  if (squashed === undefined) {
    const what = `whether this cache host may write to ${path} only root can see`
    return [...said, warning(what, 'run it as root')]
  }
  if (!squashed) return [...said, ok(`${path} can be written to by this cache host`)]
  const user = wanted.downloadUser
  const message = `${path} has files of nobody: its server maps root`
  if (user === undefined) return [...said, warning(message, remedy)]
  const advice = `${remedy}, or unset DownloadUser in pacman.conf`
  return [...said, wrong(`${message}, and pacman could not give ${user} its downloads`, advice)]
}

const setUp = (path: string) =>
  `mount ${path}, or see kured-sentinel units install --help (--nfs, --local)`

function judgeMounted(path: string, mounted: Mounted | undefined, wanted: Wanted): DoctorFinding {
  if (wanted.mounts === false) return ok(`${path} answers; no mount is wanted (--local)`)
  const { result, message } = judgeMount(path, mounted, wanted.types)
  if (result !== 'ok') {
    const advice = setUp(path)
    return wanted.mounts === true ? wrong(message, advice) : warning(message, advice)
  }
  const isNfs = /^nfs4?$/.test(mounted?.type ?? '')
  return ok(isNfs ? message : `${message}, which is no NFS`)
}
