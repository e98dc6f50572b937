import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { listInstalled, ownedPaths, packagesOwning } from '../pacman/database/local.ts'
import type { Part } from './version.ts'

/** Each part by its file, whatever its package is called. k3s and the like are their own kubelet. */
const FILES: Record<string, Part> = {
  'usr/bin/kubelet': 'kubelet',
  'usr/bin/k3s': 'kubelet',
  'usr/bin/rke2': 'kubelet',
  'usr/bin/k0s': 'kubelet',
  'usr/bin/kubeadm': 'kubeadm',
  'usr/bin/kubectl': 'kubectl',
}

/** The installed packages that are a part of Kubernetes, by name. */
export function kubernetesPackages(
  host: Host,
  dbPath: string,
  deadline: Deadline,
): ReadonlyMap<string, { part: Part; installed: string }> {
  return host.once('packages of Kubernetes', () => {
    const installed = listInstalled(host, dbPath)
    const owners = packagesOwning(host, dbPath, installed, Object.keys(FILES), deadline)
    return new Map(
      owners.flatMap((owner) => {
        const [part] = ownedPaths(host, dbPath, owner).flatMap((path) => FILES[path] ?? [])
        return part === undefined ? [] : [[owner.name, { part, installed: owner.version }] as const]
      }),
    )
  })
}
