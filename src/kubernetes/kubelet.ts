import { X509Certificate } from 'node:crypto'
import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { isRunByKured } from '../host/caller.ts'
import type { ApiUser } from './kubectl.ts'

/**
 * The kubelet itself, as a user of the API. Kured leaves its commands in its pod's network, where the
 * host's own addresses, such as 127.0.0.1, lead elsewhere. [facts: nsenter -m alone]
 */
export function kubeletUser(kubeconfig: string): ApiUser {
  return { kubeconfig, home: '/root', inHostNetwork: isRunByKured() }
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
