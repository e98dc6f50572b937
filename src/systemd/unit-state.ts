import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { orderSystemd, runSystemctl, showUnits } from './systemctl.ts'

/** Starting a mount waits for its server. */
const LIMIT_MS = 180_000

/** Whether systemd runs on this host and can be asked. [sd_booted(3)] */
export function isLive(host: Host): boolean {
  return host.root === '' && host.lstat('/run/systemd/system') !== undefined
}

/**
 * "enabled", "disabled", "static", "masked", …; "" when the unit does not exist. Without a running
 * systemd, systemctl reads the files itself.
 */
export function enabledState(host: Host, unit: string): string {
  const { stdout } = runSystemctl([...rootOption(host), 'is-enabled', '--', unit], LIMIT_MS)
  const state = stdout.toString().trim()
  return state === 'not-found' ? '' : state
}

/** Whether a unit is active, starting or stopping. Throws SentinelError without an answer. */
export function isActive(unit: string): boolean {
  const state = showUnits([unit], ['ActiveState'], LIMIT_MS).get(unit)?.get('ActiveState')
  return state !== 'inactive' && state !== 'failed'
}

/** Whether a unit is active, or has a job to start or stop it. */
export function isRunning(unit: string): boolean {
  return isActive(unit) || Boolean(showUnits([unit], ['Job'], LIMIT_MS).get(unit)?.get('Job'))
}

export function needsReload(units: readonly string[]): boolean {
  const shown = showUnits(units, ['NeedDaemonReload'], LIMIT_MS)
  return [...shown.values()].some((properties) => properties.get('NeedDaemonReload') === 'yes')
}

export type SystemctlVerb =
  'enable' | 'disable' | 'start' | 'stop' | 'daemon-reload' | 'reset-failed'

/**
 * Gives systemd an order about units.
 *
 * @throws SentinelError with systemctl's message
 */
export function order(host: Host, verb: SystemctlVerb, units: readonly string[] = []): void {
  const args = [verb, ...(units.length > 0 ? ['--', ...units] : [])]
  const complaint = orderSystemd([...rootOption(host), ...args], LIMIT_MS)
  if (complaint === '') return
  throw new SentinelError(`systemctl ${[verb, ...units].join(' ')}: ${complaint}`)
}

function rootOption({ root }: Host): string[] {
  return root === '' ? [] : [`--root=${root}`]
}
