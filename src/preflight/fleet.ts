import { judgeBrake } from '../fleet/brake.ts'
import { fleetName } from '../fleet/name.ts'
import { readFleet } from '../fleet/read.ts'
import type { Context } from './context.ts'
import { type PreflightFinding, SERVER_ADVICE } from './check.ts'

/**
 * What hurt the host that upgraded first is not to hurt this one. Hosts that are on their way through a
 * reboot hold nothing up; the upgrade of a host that is hurt itself may mend it.
 */
export async function checkFleet({ host, config, deadline }: Context): Promise<PreflightFinding[]> {
  const check = 'fleet'
  const view = await readFleet(host, config, deadline)
  if (view.state === 'none') return []
  if (view.state === 'silent')
    return [{ check, result: 'skip', message: view.problem, advice: SERVER_ADVICE }]
  const brakes = judgeBrake(view.entries, fleetName(host), config)
  const [first] = brakes.filter(({ kind }) => kind !== 'underway')
  if (first !== undefined)
    return [{ check, result: 'skip', message: first.message, advice: first.remedy }]
  const message = `no other host is known to be hurt by its reboot (${view.entries.length} in the fleet)`
  return [{ check, result: 'ok', message }]
}
