import type { Config } from '../config/config.ts'
import { readBaseline } from '../health/baseline.ts'
import { readHealth } from '../health/state.ts'
import type { BootClock } from '../host/boot-clock.ts'
import type { Host } from '../host/host.ts'
import { unreadable, type Finding } from '../sentinel/finding.ts'

/** What the watch itself may take beyond its limit: its last look, and a busy machine. */
const MARGIN_MS = 300_000
/** The timer starts the watch this long after the boot, at the latest. */
const START_MS = 120_000

/**
 * Keeps a reboot back until it is known whether the node is well since its boot. Where nobody looks,
 * because the timer is not enabled, it only waits for the time in which somebody would; and a watch
 * that was first started long after the boot, such as by an installation, holds nothing back.
 */
export function notYetHealthy(
  host: Host,
  { healthAfter, healthLimit }: Pick<Config, 'healthAfter' | 'healthLimit'>,
  { bootId, uptime }: BootClock,
): Finding[] {
  const health = readHealth(host)
  if (health?.verdict === 'unhealthy') {
    return health.reasons.map((reason) =>
      unreadable(`not well since the boot: ${reason}`, { kind: 'health' }),
    )
  }
  const before = readBaseline(host)
  const wasPlanned = before !== undefined && before.bootId !== bootId
  if (health === undefined) {
    return wasPlanned && uptime < START_MS ? [held('nobody has looked yet')] : []
  }
  const { verdict, reasons, since } = health
  if (verdict !== 'pending' || (!wasPlanned && !beganWithBoot(since))) return []
  if (uptime - since < healthAfter + healthLimit + MARGIN_MS) {
    return [held(reasons.join('; ') || 'it is too early to tell')]
  }
  const message =
    'nobody knows whether the node is well since its boot: see systemctl status kured-sentinel-health'
  return [unreadable(message, { kind: 'health' })]
}

/** Whether the watch began with its boot, and so tells how the node came back. @param since in ms */
export function beganWithBoot(since: number): boolean {
  return since < START_MS
}

function held(why: string): Finding {
  const message = `not known yet whether the node is well since its boot: ${why}`
  return { kind: 'health', effect: 'held', message }
}
