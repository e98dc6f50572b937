import { X509Certificate } from 'node:crypto'
import { errorCode, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { ApiUser } from './kubectl.ts'

/** The kubeconfig that a kubelet has of kubeadm, k3s, rke2 and k0s. */
const CREDENTIALS = [
  '/etc/kubernetes/kubelet.conf',
  '/var/lib/rancher/k3s/agent/kubelet.kubeconfig',
  '/var/lib/rancher/rke2/agent/kubelet.kubeconfig',
  '/var/lib/k0s/kubelet.conf',
] as const

/** The kubeconfig of this node's kubelet; undefined where there is none. */
export function kubeletConfig(host: Host): string | undefined {
  return CREDENTIALS.find((path) => isThere(host, path))
}

/** What a kubeconfig is called where there is none. */
export const KUBELET_CONFIG = CREDENTIALS[0]

/** The kubelet itself, as a user of the API. */
export function kubeletUser(kubeconfig: string): ApiUser {
  return { kubeconfig, home: '/root' }
}

/** Whether there is such a file; one that an ordinary user may not see is there. */
export function isThere(host: Host, path: string): boolean {
  try {
    return host.lstat(path) !== undefined
  } catch (error) {
    return errorCode(error) === 'EACCES'
  }
}

/**
 * This node's name in its cluster, from the kubelet's certificate: the host name may be overridden,
 * or changed since. [Kubernetes, Node authorizer: system:node:<nodeName>]
 *
 * @throws SentinelError if there is no certificate of a node
 */
export function nodeName(host: Host, kubeconfig: string): string {
  const [, data, value] =
    /^\s*client-certificate(-data)?:\s*["']?([^"'\s]+)/m.exec(host.readText(kubeconfig)) ?? []
  if (value !== undefined) {
    const pem = data === undefined ? host.readBytes(value) : Buffer.from(value, 'base64')
    const { subject } = new X509Certificate(pem)
    const name = /^CN=system:node:([a-z0-9][a-z0-9.-]*)$/m.exec(subject)?.[1]
    if (name !== undefined) return name
  }
  throw new SentinelError(`${kubeconfig} has no certificate of a node`)
}
