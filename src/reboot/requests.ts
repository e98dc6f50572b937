import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readState, REQUESTS, STATE_DIRECTORY, writeState } from '../state/store.ts'
import type { RebootRequest } from './guard.ts'

/**
 * The reboots asked for so far. Throws SentinelError when the file is lost or damaged.
 */
export function readRequests(host: Host): RebootRequest[] {
  const state = readState(host, REQUESTS)
  if (state === undefined) {
    if (host.lstat(STATE_DIRECTORY) === undefined) return []
    throw new SentinelError(`${STATE_DIRECTORY}/${REQUESTS}.json is missing`)
  }
  const { requests } = state
  if (!Array.isArray(requests) || !requests.every(isRequest)) {
    throw new SentinelError(`${REQUESTS}.json is damaged`)
  }
  return requests
}

/** Stores the requests. Throws SentinelError when that fails; the old ones then stay. */
export function writeRequests(host: Host, requests: readonly RebootRequest[]): void {
  writeState(host, REQUESTS, { requests })
}

function isRequest(value: unknown): value is RebootRequest {
  return (
    typeof value === 'object' &&
    value !== null &&
    'cause' in value &&
    typeof value.cause === 'string' &&
    'bootId' in value &&
    typeof value.bootId === 'string'
  )
}
