import { parseMountinfo } from './mountinfo.ts'

/** The mount that whoever uses a path meets there. */
export interface Mounted {
  /** "nfs4", "ext4", or "autofs" for one that has not come yet */
  type: string
  /** "server:/export", "/dev/sda1", … */
  source: string
}

/**
 * The topmost mount at that very path, by a process's mountinfo; undefined where the path lies on a
 * mount that begins further up. [proc_pid_mountinfo(5)]
 */
export function mountedAt(mountinfo: string, path: string): Mounted | undefined {
  const mount = parseMountinfo(mountinfo).mountOf(path)
  if (mount?.mountPoint !== path) return undefined
  const line = mountinfo.split('\n').find((text) => text.startsWith(`${mount.id} `))
  const [type = '', source = ''] = line?.split(' - ')[1]?.split(' ') ?? []
  return { type, source }
}
