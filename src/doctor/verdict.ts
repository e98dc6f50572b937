import { describeAnswer } from '../reboot/answer.ts'
import { judgeAnswer } from '../reboot/policy.ts'
import { checkHost } from '../sentinel/check.ts'
import { type DoctorCheck, ok, type DoctorFinding, unknown, wrong } from './line.ts'

/** The answer that `check` would give Kured now. A due reboot is not a problem. */
export const verdict: DoctorCheck = {
  area: 'check',
  async look({ host, config, isRoot, deadline }) {
    // The state is only read, as status does.
    const seen = await checkHost(host, config, deadline, false)
    const report = await judgeAnswer(host, config, seen, false, deadline)
    const reasons = report.reasons.filter(({ kind }) => kind !== 'lock')
    if (report.verdict !== 'attention') return [ok(describeAnswer(report))]
    if (reasons.length === 0) return [wrong('check answers 2 because of the lock')]
    if (!isRoot) return [unknown('only root can see which code processes run', 'run it as root')]
    return reasons.map(({ message, remedy }): DoctorFinding => wrong(message, remedy))
  },
}
