import type { Answer } from '../envelope/commands.ts'
import type { Brake } from '../fleet/brake.ts'
import type { State } from '../envelope/envelope.ts'
import type { FleetOverview } from './fleet-table.ts'

type FleetFinding = Answer<'fleet'>['findings'][number]

/** What holds others back, as a finding. */
const STATES: Record<Brake['kind'], State> = {
  unseen: 'unknown',
  hurt: 'wrong',
  underway: 'waiting',
}

/** The fleet as `fleet --json` prints it. */
export function fleetAnswer(seen: FleetOverview): Answer<'fleet'> {
  const { checkedAt, exitCode, ...details } = seen
  return {
    verdict: exitCode === 0 ? 'well' : 'trouble',
    exitCode,
    findings: seen.hosts.flatMap(({ host, isOld, brake }): FleetFinding[] => [
      ...(brake === null
        ? []
        : [
            { ...about(host, brake.kind, STATES[brake.kind], brake.message), advice: brake.remedy },
          ]),
      ...(isOld ? [about(host, 'old', 'warning', `${host} was not heard of for long`)] : []),
    ]),
    details,
    at: checkedAt,
  }
}

function about(host: string, kind: string, state: State, message: string): FleetFinding {
  return { kind, state, message, advice: null, fields: { host } }
}
