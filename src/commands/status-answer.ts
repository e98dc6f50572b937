import type { Answer } from '../envelope/commands.ts'
import { Exit } from '../errors.ts'
import { isDue } from '../reboot/answer.ts'
import { isUnknown } from '../status/fact.ts'
import type { HostStatus } from '../status/status.ts'
import { checkAnswer } from './check-answer.ts'
import { withDates } from './units-status.ts'

/** The status as `status --json` prints it: what check would say, and what stands beside it. */
export function statusAnswer(status: HostStatus): Answer<'status'> {
  const { report, restarts, heldBy, kured, upgrade, reboot, kubelet, notSeen } = status
  const answer = checkAnswer(report)
  return {
    ...answer,
    exitCode: Exit.ok,
    details: {
      ...answer.details,
      checkExitCode: report.exitCode,
      due: isDue(report),
      heldBy,
      restarts,
      kured,
      upgrade: isUnknown(upgrade) ? upgrade : withDates(upgrade),
      reboot,
      kubelet,
      notSeen,
    },
  }
}
