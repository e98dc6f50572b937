import { ifThere, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'

/** Made by bin/kured-sentinel: the uptime at which Kured last asked, in seconds. */
const ASKED_FILE = '/run/kured-sentinel/asked'

/** Kured asks every minute: after so long it is late. In ms. */
export const LATE_MS = 600_000

/**
 * When Kured last asked in this boot, in ms before now; undefined where it has not.
 *
 * @throws SentinelError, or the system error, where that cannot be read
 */
export function sinceAsked(host: Host): number | undefined {
  const at = ifThere(() => host.readText(ASKED_FILE))
  if (at === undefined) return undefined
  const since = Math.round((host.uptime() - Number.parseFloat(at)) * 1000)
  if (since >= 0) return since
  throw new SentinelError(`${ASKED_FILE} has no time of this boot`)
}
