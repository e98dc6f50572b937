import { applyRebootPolicy } from '../reboot/policy.ts'
import { checkHost } from '../sentinel/check.ts'
import { type DoctorCheck, ok, type DoctorFinding, warning, wrong } from './line.ts'

/** The answer that `check` would give Kured now. A due reboot is not a problem. */
export const verdict: DoctorCheck = {
  area: 'check',
  async look({ host, config, isRoot, deadline }) {
    // The state is only read, as status does.
    const seen = await checkHost(host, config, deadline, false)
    const report = applyRebootPolicy(host, config, seen, false, deadline)
    const reasons = report.reasons.filter(({ kind }) => kind !== 'lock')
    if (report.verdict === 'reboot') return [ok('a reboot is required (kured-sentinel status)')]
    if (report.verdict === 'none') return [ok('no reboot is required')]
    if (reasons.length === 0) return [wrong('check answers 2 because of the lock')]
    if (!isRoot) return [warning('only root can see which code processes run', 'run it as root')]
    return reasons.map(({ message }): DoctorFinding => wrong(message, 'see kured-sentinel status'))
  },
}
