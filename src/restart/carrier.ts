import type { UnitState } from '../systemd/unit.ts'

export const NETWORK = 'the network may go down with it'
export const STORAGE = 'the storage may go down with it'

/** Services before these targets set up what the targets stand for. [systemd.special(7)] */
const NETWORK_TARGETS = ['network-pre.target', 'network.target']
const STORAGE_TARGETS = ['local-fs-pre.target', 'remote-fs-pre.target']

/**
 * Whether the unit itself says that the host's network or storage rests on it; undefined when it
 * does not. At its start systemd-networkd removes the rules and routes that others have made, and so
 * a CNI's. [networkd.conf(5), ManageForeignRoutes=, ManageForeignRoutingPolicyRules=]
 *
 * A service that is before network.target without CAP_NET_ADMIN, such as systemd-resolved, cannot
 * change the network. [capabilities(7)]
 */
export function whyCarries({ before, boundingSet, ambientSet }: UnitState): string | undefined {
  const isBefore = (targets: string[]) => targets.some((target) => before.includes(target))
  if (ambientSet.includes('cap_net_admin')) return `${NETWORK}: it is given CAP_NET_ADMIN`
  if (boundingSet.includes('cap_net_admin') && isBefore(NETWORK_TARGETS)) {
    return `${NETWORK}: it starts before the network`
  }
  return isBefore(STORAGE_TARGETS) ? `${STORAGE}: it starts before the mounts` : undefined
}
