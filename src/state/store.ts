import { errorCode, errorText, SentinelError } from '../errors.ts'
import { withFlock } from '../host/flock.ts'
import type { Host } from '../host/host.ts'

/** The state that outlives a boot, in several files, each replaced atomically. */
export const STATE_DIRECTORY = '/var/lib/kured-sentinel'

/** The version of all state files' layout. A newer program may write another one. */
const VERSION = 1

/**
 * Reads the state of that name.
 *
 * @returns the object, or undefined if there is none
 * @throws SentinelError if it is unreadable, garbage, or from a newer program
 */
export function readState(host: Host, name: string): Record<string, unknown> | undefined {
  const path = statePath(name)
  try {
    const state: unknown = JSON.parse(host.readText(path))
    if (typeof state !== 'object' || state === null || !('version' in state)) {
      throw new SentinelError('it is not a state file of this program')
    }
    const { version, ...kept } = state
    if (version !== VERSION) throw new SentinelError('it is from another version')
    return kept
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw new SentinelError(`${path} cannot be read: ${errorText(error)}`, { cause: error })
  }
}

/** Writes the state of that name. Throws SentinelError if that fails; the old state stays. */
export function writeState(host: Host, name: string, state: object): void {
  const path = statePath(name)
  try {
    makeStateDirectory(host)
    write(host, name, state)
  } catch (error) {
    throw new SentinelError(`${path} cannot be written: ${errorText(error)}`, { cause: error })
  }
}

function write(host: Host, name: string, state: object): void {
  const text = `${JSON.stringify({ version: VERSION, ...state }, null, 2)}\n`
  host.write(statePath(name), text)
}

/** Runs `body` under a lock on a directory that only root can open: who can open it can lock it. */
export function withStateLock<T>(host: Host, body: () => T): T {
  const lock = `${STATE_DIRECTORY}/lock`
  makeStateDirectory(host)
  host.makeDirectory(lock, 0o700)
  return withFlock(host.path(lock), 2000, body)
}

/** The name of the requested reboots' state; see reboot/requests.ts. */
export const REQUESTS = 'requests'

/**
 * Makes the state directory, with an empty list of requests: if that file is missing later, it was
 * lost. bin/note-unfinished does the same. Throws SentinelError if that fails.
 */
function makeStateDirectory(host: Host): void {
  try {
    if (host.makeDirectory(STATE_DIRECTORY)) write(host, REQUESTS, { requests: [] })
  } catch (error) {
    throw new SentinelError(`the state directory cannot be made: ${errorText(error)}`, {
      cause: error,
    })
  }
}

/** Removes the state of that name, readable or not. @returns false if there was none */
export function removeState(host: Host, name: string): boolean {
  const path = statePath(name)
  try {
    return host.remove(path)
  } catch (error) {
    throw new SentinelError(`${path} cannot be removed: ${errorText(error)}`, { cause: error })
  }
}

/** The path of a state file on the host. */
function statePath(name: string): string {
  return `${STATE_DIRECTORY}/${name}.json`
}
