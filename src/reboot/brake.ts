import type { Config } from '../config/config.ts'
import { errorText } from '../errors.ts'
import { doubtView, judgeBrake } from '../fleet/brake.ts'
import { fleetName, machineDigest } from '../fleet/name.ts'
import { readFleet } from '../fleet/read.ts'
import { isRoot } from '../host/caller.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { CheckReport } from '../sentinel/check.ts'
import { unreadable, type Finding } from '../sentinel/finding.ts'
import { decide } from '../sentinel/verdict.ts'

/**
 * Looks at the fleet if a reboot is due, and only then: one that a host did not come back well from must
 * not be followed by the next host's. Without a fleet directory nothing is held back.
 */
export async function applyBrake(
  host: Host,
  config: Config,
  report: CheckReport,
  deadline: Deadline,
): Promise<CheckReport> {
  if (report.verdict !== 'reboot') return report
  const found = await collectBrake(host, config, deadline)
  if (found.length === 0) return report
  return { ...report, ...decide([...report.reasons, ...report.ignored, ...found]) }
}

/** What of the fleet speaks against a reboot now. What cannot be seen does. */
async function collectBrake(host: Host, config: Config, deadline: Deadline): Promise<Finding[]> {
  const view = await readFleet(host, config, deadline)
  if (view.state === 'none') return []
  if (view.state === 'silent') return [unseen(view.problem)]
  try {
    const own = fleetName(host)
    const looker = { own, machine: machineDigest(host), isRoot: isRoot() }
    const doubt = doubtView(view, looker)
    const brakes = judgeBrake(view.entries, own, config)
    return [
      ...(doubt === undefined ? [] : [unseen(doubt)]),
      ...brakes.map(({ kind, message, remedy }): Finding => {
        return kind === 'unseen'
          ? { ...unseen(message), remedy }
          : { kind: 'fleet', effect: 'held', message }
      }),
    ]
  } catch (error) {
    return [unseen(errorText(error))]
  }
}

function unseen(message: string): Finding {
  return unreadable(message, { kind: 'fleet' })
}
