/** A version of Kubernetes; the text is as it was said, and cannot hold anything but a version. */
export interface KubernetesVersion {
  minor: number
  patch: number
  /** "1.37.2" */
  text: string
}

/**
 * Reads "v1.37.2", "Kubernetes v1.37.2", "k3s version v1.31.4+k3s1 (…)" or a package's "1:1.37.2-1".
 *
 * @returns undefined for anything else, also for another major version: there is no rule for it
 */
export function parseVersion(said: string): KubernetesVersion | undefined {
  const [, minor, patch] = /(?:^|[\s:v])1\.(\d{1,3})\.(\d{1,3})(?=$|[\s.+_-])/.exec(said) ?? []
  if (minor === undefined || patch === undefined) return undefined
  return { minor: Number(minor), patch: Number(patch), text: `1.${minor}.${patch}` }
}

/** Whether the first is newer than the second. */
export function isNewer(one: KubernetesVersion, other: KubernetesVersion): boolean {
  return one.minor > other.minor || (one.minor === other.minor && one.patch > other.patch)
}

/** A program whose version must fit the apiserver's. */
export type Part = 'kubelet' | 'kubeadm' | 'kubectl'

/** How many minor versions a part may be newer and older. [Kubernetes, version skew policy] */
const SKEW: Record<Part, { newer: number; older: number }> = {
  kubelet: { newer: 0, older: 3 },
  kubeadm: { newer: 1, older: 1 },
  kubectl: { newer: 1, older: 1 },
}

const COUNTS = ['', 'one minor version', 'two minor versions', 'three minor versions']

/** Why a version does not fit the apiserver's: "newer than the apiserver, 1.37.2"; or undefined. */
export function refuseVersion(
  part: Part,
  version: KubernetesVersion,
  server: KubernetesVersion,
): string | undefined {
  const { newer, older } = SKEW[part]
  const ahead = version.minor - server.minor
  const most = ahead > 0 ? newer : older
  if (ahead <= newer && -ahead <= older) return undefined
  const by = most === 0 ? '' : `more than ${COUNTS[most]} `
  return `${by}${ahead > 0 ? 'newer' : 'older'} than the apiserver, ${server.text}`
}
