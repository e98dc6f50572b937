import { join, resolve } from 'node:path'
import { SentinelError } from '../errors.ts'
import { callerHome, callerKubeconfig, isRoot } from '../host/caller.ts'
import type { Host } from '../host/host.ts'
import { isThere } from './distribution.ts'
import type { ApiUser } from './kubectl.ts'

/** An administrator's kubeconfig on a control plane of kubeadm, k3s, rke2 and k0s. */
const OF_ROOT = [
  '/etc/kubernetes/admin.conf',
  '/etc/rancher/k3s/k3s.yaml',
  '/etc/rancher/rke2/rke2.yaml',
  '/var/lib/k0s/pki/admin.conf',
]

/**
 * An administrator: by the file that is named, or else by KUBECONFIG, ~/.kube/config, or, as root,
 * what a control plane has.
 *
 * @param named relative to the caller's directory
 * @throws SentinelError where there is none
 */
export function adminUser(host: Host, named: string | undefined): ApiUser {
  const home = callerHome()
  const chosen = named ?? callerKubeconfig()
  if (chosen?.includes(':')) {
    throw new SentinelError(`${chosen} is a list of kubeconfigs: name one with --kubeconfig`)
  }
  const own = join(home, '.kube/config')
  const usual = [own, ...(isRoot() ? OF_ROOT : [])]
  const kubeconfig =
    chosen === undefined ? usual.find((path) => isThere(host, path)) : resolve(chosen)
  if (kubeconfig === undefined) {
    throw new SentinelError(`there is no kubeconfig in ${own}: name one with --kubeconfig`)
  }
  return { kubeconfig, home }
}
