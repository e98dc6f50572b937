/** What a process's cgroup says of it. */
export interface Membership {
  /** its systemd unit: `sshd.service`, `session-3.scope`, `init.scope`, or a user's own service */
  unit: string | undefined
  /** below user.slice: a person's session or a user manager */
  userSlice: boolean
  container: boolean
}

/** Components that only container managers make; conmon and the shims, host programs, have others. */
const CONTAINER = [
  /^(cri-containerd|crio|docker|libpod)-[0-9a-f]{8,}\.scope$/,
  /^(kubelet-)?kubepods(-.*)?(\.slice)?$/,
  /^lxc(\.payload.*)?$/,
  /^docker$/,
  /^machine\.slice$/,
  /^systemd-nspawn@.*\.service$/,
  // kubelet's cgroupfs driver, seen from inside another pod, where "kubepods" is cut off
  /^pod[0-9a-f]{8}-[0-9a-f-]{27}$/,
  /^[0-9a-f]{64}$/,
]

/**
 * Reads /proc/PID/cgroup. From a private cgroup namespace, a Kured pod's, the paths begin with
 * `/../..`, which is dropped. On cgroup v1 and on the hybrid layout systemd's own hierarchy names
 * the unit; every line may name a container. [cgroup_namespaces(7), systemd.unit(5)]
 */
export function parseCgroup(text: string): Membership {
  const paths = text.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
  const components = (path: string | undefined) =>
    (path ?? '').split('/').filter((part) => part !== '' && part !== '..')
  const systemd = paths.find((line) => line?.[1] === 'name=systemd')
  const unified = paths.find((line) => line?.[1] === '')
  const parts = components((systemd ?? unified)?.[2])
  return {
    unit: unitOf(parts),
    userSlice: parts[0] === 'user.slice',
    container: paths.some((line) =>
      components(line?.[2]).some((part) => CONTAINER.some((shape) => shape.test(part))),
    ),
  }
}

/** The first service or scope below the slices; below a user manager, that user's own unit. */
function unitOf(parts: string[]): string | undefined {
  const units = parts.filter((part) => /\.(service|scope)$/.test(part))
  const [first, second] = units
  return first !== undefined && /^user@\d+\.service$/.test(first) ? (second ?? first) : first
}
