import { errorCode, errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'

/** What the host remembers over a boot; a file for each thing, each replaced at once. */
export const STATE_DIRECTORY = '/var/lib/kured-sentinel'

/** The layout of all state files. A newer program may write another one. */
const VERSION = 1

/**
 * Reads what was written under that name.
 *
 * @returns the object, or undefined where there is none
 * @throws SentinelError where it cannot be read or understood: garbage, or from a newer program
 */
export function readState(host: Host, name: string): Record<string, unknown> | undefined {
  const path = statePath(name)
  try {
    const state: unknown = JSON.parse(host.readText(path))
    if (typeof state !== 'object' || state === null || !('version' in state)) {
      throw new SentinelError('it is not a state of this program')
    }
    const { version, ...kept } = state
    if (version !== VERSION) throw new SentinelError('it is from another version')
    return kept
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw new SentinelError(`${path} cannot be read: ${errorText(error)}`, { cause: error })
  }
}

/** Writes an object under that name. Throws SentinelError where that fails; the old one stays. */
export function writeState(host: Host, name: string, state: object): void {
  const path = statePath(name)
  try {
    makeStateDirectory(host)
    const text = `${JSON.stringify({ version: VERSION, ...state }, null, 2)}\n`
    host.write(path, text)
  } catch (error) {
    throw new SentinelError(`${path} cannot be written: ${errorText(error)}`, { cause: error })
  }
}

/** The reboots that were asked for; guard/memory.ts. */
export const REQUESTS = 'requests'

/**
 * A new directory says that no reboot was asked for: where that file is missing later, it is lost.
 * Throws SentinelError where that fails.
 */
export function makeStateDirectory(host: Host): void {
  try {
    if (host.makeDirectory(STATE_DIRECTORY)) writeState(host, REQUESTS, { requests: [] })
  } catch (error) {
    throw new SentinelError(`there is no state directory: ${errorText(error)}`, { cause: error })
  }
}

/** Forgets what was written under that name, readable or not. @returns false where nothing was */
export function removeState(host: Host, name: string): boolean {
  const path = statePath(name)
  try {
    return host.remove(path)
  } catch (error) {
    throw new SentinelError(`${path} cannot be removed: ${errorText(error)}`, { cause: error })
  }
}

/** Where it stands, by the host's own paths. */
function statePath(name: string): string {
  return `${STATE_DIRECTORY}/${name}.json`
}
