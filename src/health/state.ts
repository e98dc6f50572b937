import { dirname } from 'node:path'
import { errorText, ifThere, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readState, writeState } from '../state/store.ts'

const NAME = 'health'

/** pending: it is too early to tell. accepted: a person's word that it is well enough. */
export type HealthVerdict = 'pending' | 'healthy' | 'unhealthy' | 'accepted'

const VERDICTS: readonly string[] = [
  'pending',
  'healthy',
  'unhealthy',
  'accepted',
] satisfies HealthVerdict[]

/** Whether the node is well since its last boot. */
export interface Health {
  bootId: string
  verdict: HealthVerdict
  /** why it is not well, or was not when a person accepted it */
  reasons: string[]
  /** the uptime of the first look, in ms */
  since: number
}

/**
 * The health of this boot; undefined where nobody has looked.
 *
 * @throws SentinelError when it cannot be read
 */
export function readHealth(host: Host): Health | undefined {
  const state = readState(host, NAME)
  if (state === undefined) return undefined
  if (!isHealth(state)) throw new SentinelError(`${NAME}.json is damaged`)
  return state.bootId === host.bootId() ? state : undefined
}

function isHealth(state: object): state is Health {
  const { bootId, verdict, reasons, since }: Partial<Record<keyof Health, unknown>> = state
  return (
    typeof bootId === 'string' &&
    typeof verdict === 'string' &&
    VERDICTS.includes(verdict) &&
    Array.isArray(reasons) &&
    reasons.every((reason) => typeof reason === 'string') &&
    typeof since === 'number'
  )
}

/**
 * For the check of every minute, which so reads nothing on a node that is well: the reasons, as JSON.
 * A file that is there and cannot be read counts as unhealthy.
 */
export const UNHEALTHY_FILE = '/run/kured-sentinel/unhealthy'

/** Writes the health of this boot, and tells the check. Throws SentinelError when that fails. */
export function writeHealth(host: Host, health: Health): void {
  try {
    if (health.verdict === 'unhealthy') {
      host.makeDirectory(dirname(UNHEALTHY_FILE))
      host.write(UNHEALTHY_FILE, JSON.stringify(health.reasons))
    } else host.remove(UNHEALTHY_FILE)
  } catch (error) {
    throw new SentinelError(`the check cannot be told: ${errorText(error)}`, { cause: error })
  }
  writeState(host, NAME, health)
}

/** Why the node is unhealthy; none where it is not, or not yet known to be. */
export function readUnhealthy(host: Host): string[] {
  const text = ifThere(() => host.readText(UNHEALTHY_FILE))
  if (text === undefined) return []
  try {
    const reasons: unknown = JSON.parse(text)
    if (Array.isArray(reasons) && reasons.length > 0) return reasons.map(String)
  } catch {
    // Below.
  }
  return [`${UNHEALTHY_FILE} cannot be read`]
}
