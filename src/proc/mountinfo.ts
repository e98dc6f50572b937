import { dirname } from 'node:path'
import { SentinelError } from '../errors.ts'

export interface Mount {
  /** unique among all mounts of the machine, whatever namespace they are in */
  id: string
  parent: string
  device: string
  /** the directory of the file system that is mounted */
  root: string
  mountPoint: string
}

/** What one process sees as its file system. */
export interface View {
  /** the mount a path is on; undefined where it leads nowhere */
  mountOf(path: string): Mount | undefined
}

/** So many mounts may lie on the way to the paths. A host has a few. */
const MOST_MOUNTS = 10_000

/**
 * Reads /proc/PID/mountinfo. Nothing is opened, so no dead server can make us wait. Any user may
 * stack any number of mounts in a namespace of their own: only those on the way to `paths` are kept,
 * and a look-up takes one step for each. [proc_pid_mountinfo(5)]
 *
 * @param paths those that will be looked up
 * @throws SentinelError where there are too many mounts on the way
 */
export function parseMountinfo(mountinfo: string | Buffer, paths: Iterable<string>): View {
  const wanted = new Set<string>()
  for (const path of paths) for (const above of withAncestors(path)) wanted.add(above)
  const children = new Map<string, Mount[]>()
  const ids = new Set<string>()
  const mounts: Mount[] = []
  for (const line of linesOf(mountinfo)) {
    const mount = parseLine(line)
    if (mount === undefined || ids.has(mount.id) || !wanted.has(mount.mountPoint)) continue
    if (mounts.push(mount) > MOST_MOUNTS) {
      throw new SentinelError(`more than ${MOST_MOUNTS} mounts on the way to a file`)
    }
    ids.add(mount.id)
    const siblings = children.get(mount.parent)
    if (siblings === undefined) children.set(mount.parent, [mount])
    else siblings.push(mount)
  }
  const top = mounts.find(
    (mount) => mount.mountPoint === '/' && (!ids.has(mount.parent) || mount.parent === mount.id),
  )
  return {
    mountOf(path) {
      let current = top
      for (let next = top; next !== undefined; next = firstMet(children, next, path)) current = next
      return current
    },
  }
}

/** A path and the directories above it, the nearest first. */
export function withAncestors(path: string): string[] {
  const above = dirname(path)
  return above === path ? [path] : [path, ...withAncestors(above)]
}

/** Each line is a string of its own: a slice of the whole would keep the whole in memory. */
function* linesOf(text: string | Buffer): Generator<string> {
  const bytes = Buffer.from(text)
  for (let start = 0, end; start < bytes.length; start = end + 1) {
    end = bytes.indexOf('\n', start)
    if (end === -1) end = bytes.length
    yield bytes.toString('utf8', start, end)
  }
}

/** Where on which file system a path leads from its mount: "device:path". */
export function location(mount: Mount, path: string): string {
  const below = mount.mountPoint === '/' ? path : path.slice(mount.mountPoint.length)
  return `${mount.device}:${mount.root === '/' ? '' : mount.root}${below}`
}

/** The mount on `current` that a walk along `path` meets first; its ID is another, so walks end. */
function firstMet(children: Map<string, Mount[]>, current: Mount, path: string): Mount | undefined {
  let met: Mount | undefined
  for (const mount of children.get(current.id) ?? []) {
    if (mount.mountPoint.length < current.mountPoint.length || mount === current) continue
    const covers = mount.mountPoint === '/' || `${path}/`.startsWith(`${mount.mountPoint}/`)
    if (covers && (met === undefined || mount.mountPoint.length < met.mountPoint.length)) {
      met = mount
    }
  }
  return met
}

/** `36 35 98:0 /mnt1 /mnt2 rw,noatime …`, where blanks in names are octal escapes. */
function parseLine(line: string): Mount | undefined {
  const [id, parent, device, root, mountPoint] = line.split(' ', 5)
  if (id === undefined || parent === undefined || device === undefined) return undefined
  if (root === undefined || mountPoint === undefined) return undefined
  return { id, parent, device, root: unescape(root), mountPoint: unescape(mountPoint) }
}

/** A path as the kernel and fstab write it, with blanks as `\040`. */
export function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
}

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
  const mount = parseMountinfo(mountinfo, [path]).mountOf(path)
  if (mount?.mountPoint !== path) return undefined
  const line = mountinfo.split('\n').find((text) => text.startsWith(`${mount.id} `))
  const [type = '', source = ''] = line?.split(' - ')[1]?.split(' ') ?? []
  return { type, source }
}
