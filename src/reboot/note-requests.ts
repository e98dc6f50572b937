import { dirname } from 'node:path'
import { callerName } from '../host/caller.ts'
import type { Host } from '../host/host.ts'
import { noteEvent } from '../history/note.ts'
import { type Finding, spoken } from '../sentinel/finding.ts'
import type { Guarded } from './guard.ts'

/**
 * Writes to the history what a check asks a reboot for, and no earlier check of this boot did.
 *
 * @param guarded by decideGuard()
 */
export function noteRequests(host: Host, { findings, requests }: Guarded, bootId: string): void {
  const reasons = findings
    .filter(({ effect, askedIn }) => effect === 'reboot' && askedIn !== bootId)
    .map(({ message }) => message)
  if (reasons.length === 0) return
  const causes = requests.filter((one) => one.bootId === bootId).map(({ cause }) => cause)
  noteEvent(host, { kind: 'reboot-asked', causes, reasons, by: callerName() })
}

/** What was written in this boot: such a check comes each minute. */
const NOTED_FILE = '/run/kured-sentinel/useless'

/** Writes to the history which reboots did not help, once for each boot. */
export function noteUseless(host: Host, findings: readonly Finding[], bootId: string): void {
  const reasons = findings
    .filter(({ effect, askedIn = bootId }) => effect === 'attention' && askedIn !== bootId)
    .map(spoken)
  if (reasons.length === 0) return
  const noted = JSON.stringify(reasons)
  if (host.lstat(NOTED_FILE) !== undefined && host.readText(NOTED_FILE) === noted) return
  host.makeDirectory(dirname(NOTED_FILE))
  host.write(NOTED_FILE, noted)
  noteEvent(host, { kind: 'reboot-useless', reasons })
}
