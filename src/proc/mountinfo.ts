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

/**
 * Reads /proc/PID/mountinfo. Nothing is opened, so no dead server can make us wait; and anybody may
 * stack any number of mounts in a namespace of their own, so a look-up takes no more steps than
 * there are mounts on the way. [proc_pid_mountinfo(5)]
 */
export function parseMountinfo(text: string): View {
  const children = new Map<string, Mount[]>()
  const ids = new Set<string>()
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    const mount = parseLine(line)
    if (mount === undefined || ids.has(mount.id)) continue
    mounts.push(mount)
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
  const mount = parseMountinfo(mountinfo).mountOf(path)
  if (mount?.mountPoint !== path) return undefined
  const line = mountinfo.split('\n').find((text) => text.startsWith(`${mount.id} `))
  const [type = '', source = ''] = line?.split(' - ')[1]?.split(' ') ?? []
  return { type, source }
}
