import { readHealth } from '../health/state.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { isLive } from '../systemd/unit-state.ts'
import { type DoctorCheck, type DoctorFinding, ok, unknown, warning, wrong } from './line.ts'
import { askUnits } from './units.ts'

/** Whether the node is well since its boot, and whether anybody looks. */
export const health: DoctorCheck = {
  area: 'health',
  look: ({ host, deadline }) => [judgeKnown(host), ...judgeWatch(host, deadline)],
}

function judgeKnown(host: Host): DoctorFinding {
  const known = readHealth(host)
  if (known === undefined) return unknown('nobody has looked since the boot')
  const { verdict, reasons } = known
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`
  if (verdict === 'healthy') return ok('the node is well since its boot')
  if (verdict === 'pending') return unknown(`it is too early to tell${why}`)
  if (verdict === 'accepted') return warning(`a person has accepted the node as it is${why}`)
  return wrong(
    `the node is not well since its boot${why}`,
    'mend it, or kured-sentinel health --accept',
  )
}

const TIMER = 'kured-sentinel-health.timer'

function judgeWatch(host: Host, deadline: Deadline): DoctorFinding[] {
  if (!isLive(host)) return []
  const timer = askUnits(host, deadline).find(({ name }) => name === TIMER)
  if (timer?.enabled === 'enabled') return []
  const message = `${TIMER} is not enabled: nobody looks whether the node comes back well from a reboot`
  return [warning(message, 'kured-sentinel units install --enable')]
}
