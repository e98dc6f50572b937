import { applyRebootPolicy } from '../reboot/policy.ts'
import { checkHost } from '../sentinel/check.ts'
import { type DoctorCheck, ok, type DoctorFinding, warning, wrong } from './line.ts'

/** What `check` would answer Kured now. That a reboot is due is nothing wrong. */
export const verdict: DoctorCheck = {
  area: 'check',
  async look({ host, config, isRoot, deadline }) {
    // What the host remembers is only looked at, as status does.
    const report = applyRebootPolicy(
      host,
      config,
      await checkHost(host, config, deadline, false),
      false,
    )
    const reasons = report.reasons.filter(({ kind }) => kind !== 'lock')
    if (report.verdict === 'reboot') return [ok('a reboot is required (kured-sentinel status)')]
    if (report.verdict === 'none') return [ok('no reboot is required')]
    if (reasons.length === 0) return [wrong('check answers 2 because of the lock')]
    if (!isRoot) return [warning('which code processes run only root can see', 'run it as root')]
    return reasons.map(({ message }): DoctorFinding => wrong(message, 'see kured-sentinel status'))
  },
}
