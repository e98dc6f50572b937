import { ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'

/** Made by bin/kured-sentinel: the uptime at which Kured last asked, in seconds. */
const ASKED_FILE = '/run/kured-sentinel/asked'

/** How long ago Kured last asked, in ms; undefined where it has not asked in this boot. */
export function readLastAsked(host: Host): number | undefined {
  const at = ifThere(() => host.readText(ASKED_FILE, 100))
  if (at === undefined) return undefined
  const ago = (host.uptime() - Number.parseFloat(at)) * 1000
  // One that is just being written is empty.
  return Number.isFinite(ago) ? Math.max(0, ago) : undefined
}
