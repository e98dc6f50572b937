import { isDue } from '../reboot/answer.ts'
import type { HostStatus } from '../status/status.ts'
import { printableJson } from '../text/printable.ts'
import { plainReport } from './check-json.ts'

/** The status as one JSON object: what `check --json` has, and what stands beside it. */
export function renderStatusJson(status: HostStatus): string {
  const { report, restarts, hostName, heldBy, kured, upgrade, reboot, kubelet, notSeen } = status
  return printableJson({
    ...plainReport(report),
    kubelet,
    host: hostName,
    due: isDue(report),
    heldBy,
    restarts,
    kured,
    upgrade,
    reboot,
    notSeen,
  })
}
