import { judgeBoot } from '../history/boots.ts'
import type { HistoryEntry, HistoryEvent } from '../history/fields.ts'
import { describeCause } from '../reboot/guard.ts'
import type { Finding } from '../sentinel/finding.ts'

/** How the host came into this boot. */
export interface LastReboot {
  /** in ms before now */
  agoMs: number
  how: HistoryEvent<'boot'>['how']
  /** what a reboot was due for before it, in a few words each */
  causes: string[]
  helped: HistoryEvent<'boot'>['helped']
}

/**
 * What is known of the reboot before this boot.
 *
 * @param entries the history
 * @param findings of a check in this boot: what was asked for in an earlier one shows that it did
 *   not help
 * @param agoMs the uptime, in ms
 */
export function judgeLastReboot(
  entries: readonly HistoryEntry[],
  findings: readonly Pick<Finding, 'askedIn'>[],
  bootId: string,
  agoMs: number,
): LastReboot {
  const own = entries.filter((entry) => entry.bootId === bootId)
  const noted = own.find((entry) => entry.kind === 'boot')
  // Nothing has been written in this boot: then the last entries are of the one before.
  const boot = noted ?? judgeBoot(entries, 'unknown', 'unknown')
  const asked = entries.filter((entry) => entry.bootId === boot.previousBoot)
  const causes = asked.flatMap((entry) => (entry.kind === 'reboot-asked' ? entry.causes : []))
  const isUseless =
    own.some((entry) => entry.kind === 'reboot-useless') ||
    findings.some(({ askedIn = bootId }) => askedIn !== bootId)
  return {
    agoMs,
    how: boot.how,
    causes: [...new Set(causes)].map(describeCause),
    helped: isUseless ? 'no' : boot.helped,
  }
}
