import { X509Certificate } from 'node:crypto'
import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'

/** The kubeconfig that kubeadm gives a kubelet. */
export const CREDENTIALS = '/etc/kubernetes/kubelet.conf'

/**
 * The name of this node in its cluster: the one in the kubelet's own certificate, as a host name may
 * be overridden, or changed since. [Kubernetes, Node authorizer: system:node:<nodeName>]
 *
 * @throws SentinelError where the certificate is none of a node
 */
export function nodeName(host: Host): string {
  const [, data, value] =
    /^\s*client-certificate(-data)?:\s*["']?([^"'\s]+)/m.exec(host.readText(CREDENTIALS)) ?? []
  if (value !== undefined) {
    const pem = data === undefined ? host.readBytes(value) : Buffer.from(value, 'base64')
    const { subject } = new X509Certificate(pem)
    const name = /^CN=system:node:([a-z0-9][a-z0-9.-]*)$/m.exec(subject)?.[1]
    if (name !== undefined) return name
  }
  throw new SentinelError(`${CREDENTIALS} has no certificate of a node`)
}
