import { readUnhealthy } from '../health/state.ts'
import type { Host } from '../host/host.ts'
import { unreadable, type Finding } from './finding.ts'

/** Why the node is not well since its last boot: no reboot, as the next one may go the same way. */
export function collectUnhealthy(host: Host): Finding[] {
  const remedy = 'mend it, or kured-sentinel health --accept'
  return readUnhealthy(host).map((reason) =>
    unreadable(`not well since the boot: ${reason}`, { kind: 'health', remedy }),
  )
}
