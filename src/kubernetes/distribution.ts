import { errorCode } from '../errors.ts'
import type { Host } from '../host/host.ts'

/** Where a distribution of Kubernetes keeps on a node what this program asks for. */
export interface Distribution {
  /** the kubelet's kubeconfig */
  kubeconfig: string
  /** the program that is the kubelet, and how it says its version */
  kubelet: { paths: string[]; args: string[] }
  /** the words that begin a command of kubectl, where there is no program of that name */
  kubectl: string[][]
  /** what is there only where the same program is the apiserver, too */
  server: string | undefined
}

/** kubeadm's, and what k3s, rke2 and k0s make of it. [each one's documentation] */
const DISTRIBUTIONS: readonly Distribution[] = [
  {
    kubeconfig: '/etc/kubernetes/kubelet.conf',
    kubelet: { paths: ['/usr/bin/kubelet'], args: ['--version'] },
    kubectl: [],
    server: undefined,
  },
  {
    kubeconfig: '/var/lib/rancher/k3s/agent/kubelet.kubeconfig',
    kubelet: { paths: ['/usr/bin/k3s', '/usr/local/bin/k3s'], args: ['--version'] },
    kubectl: [
      ['/usr/bin/k3s', 'kubectl'],
      ['/usr/local/bin/k3s', 'kubectl'],
    ],
    server: '/var/lib/rancher/k3s/server/token',
  },
  {
    kubeconfig: '/var/lib/rancher/rke2/agent/kubelet.kubeconfig',
    kubelet: { paths: ['/usr/bin/rke2', '/usr/local/bin/rke2'], args: ['--version'] },
    kubectl: [['/var/lib/rancher/rke2/bin/kubectl']],
    server: '/var/lib/rancher/rke2/server/token',
  },
  {
    kubeconfig: '/var/lib/k0s/kubelet.conf',
    kubelet: { paths: ['/usr/bin/k0s', '/usr/local/bin/k0s'], args: ['version'] },
    kubectl: [
      ['/usr/bin/k0s', 'kubectl'],
      ['/usr/local/bin/k0s', 'kubectl'],
    ],
    server: '/var/lib/k0s/pki/ca.key',
  },
]

/** The distribution whose kubelet this node has; undefined where there is none. */
export function distributionOf(host: Host): Distribution | undefined {
  return DISTRIBUTIONS.find(({ kubeconfig }) => isThere(host, kubeconfig))
}

/** What a kubeconfig is called where there is none. */
export const KUBELET_CONFIG = '/etc/kubernetes/kubelet.conf'

export const KUBECTL = '/usr/bin/kubectl'

/** How kubectl is begun on this node, as paths of the host; undefined where nothing is kubectl. */
export function kubectlOf(host: Host): string[] | undefined {
  const own = distributionOf(host)?.kubectl ?? []
  return [[KUBECTL], ['/usr/local/bin/kubectl'], ...own].find(([path = '']) => isThere(host, path))
}

/** Whether there is such a file; one that an ordinary user may not see is there. */
export function isThere(host: Host, path: string): boolean {
  try {
    return host.lstat(path) !== undefined
  } catch (error) {
    return errorCode(error) === 'EACCES'
  }
}
