import type { Config } from '../config/config.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { Snapshot } from '../host/snapshot.ts'
import { checkHost } from '../sentinel/check.ts'
import { collectBlockers, judgeBlockers } from './blockers.ts'

/**
 * What a person should know before a reboot by hand for which there is no reason.
 *
 * @returns undefined where something is due, or the gate says more: it refuses by itself
 */
export async function warnOfRebootByHand(host: Host, config: Config): Promise<string | undefined> {
  const { answer } = judgeBlockers(collectBlockers(host, config, false))
  if (answer !== 'go' && answer !== 'wait') return undefined
  const deadline = new Deadline(config.timeout)
  const { reasons, ignored } = await checkHost(new Snapshot(host.root), config, deadline, false)
  if ([...reasons, ...ignored].some(({ effect }) => effect === 'reboot')) return undefined
  return 'nothing asks for a reboot, and this one drains nothing: what runs here ends with the node. For a drained one: kured-sentinel request --reason "..."'
}
