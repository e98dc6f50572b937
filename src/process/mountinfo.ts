interface Mount {
  id: string
  parent: string
  device: string
  /** the directory of the file system that is mounted */
  root: string
  mountPoint: string
}

/** Where a path leads: "device:path inside that file system"; undefined where it leads nowhere. */
export type Locate = (path: string) => string | undefined

/**
 * Reads /proc/PID/mountinfo into a function that says which file a path names in that process's
 * view. Two processes see the same file at a path when both views give the same answer: that holds
 * for a sandboxed service, whose /usr is the host's mounted again, and fails for a container, a
 * chroot or a user's own mount namespace, whatever they call their files. Nothing is opened, so no
 * dead server can make us wait. [proc_pid_mountinfo(5)]
 */
export function parseMountinfo(text: string): Locate {
  const mounts = text.split('\n').flatMap(parseLine)
  const ids = new Set(mounts.map((mount) => mount.id))
  const top = mounts.find(
    (mount) => mount.mountPoint === '/' && (!ids.has(mount.parent) || mount.parent === mount.id),
  )
  return (path) => {
    if (top === undefined) return undefined
    let current = top
    // A walk goes from each mount to a child of it, so it ends within as many steps as mounts.
    for (const _ of mounts) {
      const next = firstMet(mounts, current, path)
      if (next === undefined) break
      current = next
    }
    const below = current.mountPoint === '/' ? path : path.slice(current.mountPoint.length)
    return `${current.device}:${current.root === '/' ? '' : current.root}${below}`
  }
}

/** The mount on `current` that a walk along `path` meets first. */
function firstMet(mounts: Mount[], current: Mount, path: string): Mount | undefined {
  let met: Mount | undefined
  for (const mount of mounts) {
    if (mount.parent !== current.id || mount === current) continue
    const covers = mount.mountPoint === '/' || `${path}/`.startsWith(`${mount.mountPoint}/`)
    if (covers && (met === undefined || mount.mountPoint.length < met.mountPoint.length)) {
      met = mount
    }
  }
  return met
}

/** `36 35 98:0 /mnt1 /mnt2 rw,noatime …`, where blanks in names are octal escapes. */
function parseLine(line: string): Mount[] {
  const [id, parent, device, root, mountPoint] = line.split(' ')
  if (id === undefined || parent === undefined || device === undefined) return []
  if (root === undefined || mountPoint === undefined) return []
  return [{ id, parent, device, root: unescape(root), mountPoint: unescape(mountPoint) }]
}

function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
}
