/** What a process's cgroup says of it. */
export interface Membership {
  /** its systemd unit: `sshd.service`, `session-3.scope`, `init.scope`, or a user's own service */
  unit: string | undefined
  /** below user.slice: a person's session or a user manager */
  userSlice: boolean
  container: boolean
  /** the paths of its cgroups as the kernel has them, one for each hierarchy */
  cgroups: string[]
}

/** Components that only container managers make; conmon and the shims, host programs, have others. */
const CONTAINER = [
  /^(cri-containerd|crio|docker|libpod|nerdctl)-[0-9a-f]{8,}\.scope$/,
  // below the service that runs the container, as Quadlet makes them
  /^libpod-payload-[0-9a-f]{8,}$/,
  /^(kubelet-)?kubepods(-.*)?(\.slice)?$/,
  /^lxc(\.payload.*)?$/,
  /^docker$/,
  // not libvirt's machine-qemu…: that is a program of the host
  /^machine-(?!qemu).*\.scope$/,
  /^systemd-nspawn@.*\.service$/,
  // kubelet's cgroupfs driver, seen from inside another pod, where "kubepods" is cut off
  /^pod[0-9a-f]{8}-[0-9a-f-]{27}$/,
  /^[0-9a-f]{64}$/,
]

/**
 * Reads /proc/PID/cgroup. From a private cgroup namespace, a Kured pod's, the paths begin with
 * `/../..`, which is dropped. Units stand in the unified hierarchy, and on cgroup v1 in systemd's
 * own; every line may name a container. [cgroup_namespaces(7), systemd.unit(5)]
 */
export function parseCgroup(text: string): Membership {
  const lines = text.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined) return []
    const parts = path.split('/').filter((part) => !['', '..'].includes(part))
    return [{ controllers, parts: parts.map(unescaped), path: `/${parts.join('/')}` }]
  })
  const hierarchies = ['', 'name=systemd'].flatMap((controllers) =>
    lines.filter((line) => line.controllers === controllers),
  )
  const userSlice = hierarchies.some(({ parts }) => parts[0] === 'user.slice')
  return {
    unit: hierarchies.map(({ parts }) => unitOf(parts)).find((unit) => unit !== undefined),
    userSlice,
    cgroups: lines.map(({ path }) => path),
    // Below a user manager the names are the user's to choose, and prove nothing.
    container:
      !userSlice &&
      lines.some(({ parts }) => parts.some((part) => CONTAINER.some((shape) => shape.test(part)))),
  }
}

/** Whether one of these cgroups is that one, or below; a unit that does not run has the cgroup ''. */
export function isBelow(cgroups: readonly string[], controlGroup: string): boolean {
  if (controlGroup === '') return false
  return cgroups.some((path) => path === controlGroup || path.startsWith(`${controlGroup}/`))
}

/**
 * systemd puts a `_` before a unit's name that the kernel could take for one of its own files, such as
 * `io.podman.service`, and before one that begins with `_` itself. [systemd, src/basic/cgroup-util.c,
 * cg_escape]
 */
function unescaped(part: string): string {
  return part.startsWith('_') ? part.slice(1) : part
}

/** The first service or scope below the slices; below a user manager, that user's own unit. */
function unitOf(parts: string[]): string | undefined {
  const units = parts.filter((part) => /\.(service|scope)$/.test(part))
  const [first, second] = units
  return first !== undefined && /^user@\d+\.service$/.test(first) ? (second ?? first) : first
}
