import { errorText, ifThere } from '../errors.ts'
import { type Notice, toNotice, UNTOLD_DIRECTORY } from '../history/untold.ts'
import type { Host } from '../host/host.ts'

/** In bytes: a line of the history, and its words. */
const LARGEST = 256 * 1024

/**
 * The names of the events that wait, the oldest first, and of whatever else the path unit sees there: what
 * stays would make it start the service without end. Hidden files, as of a write that was cut off, it does
 * not see. [systemd.path(5); systemd, path.c: dir_is_empty()] Throws the system error.
 */
export function listUntold(host: Host): string[] {
  const names = ifThere(() => host.list(UNTOLD_DIRECTORY)) ?? []
  return names.filter((name) => !name.startsWith('.')).toSorted()
}

/** The uptime at which an event began to wait, in ms; 0 for what is none. */
export function waitsSince(name: string): number {
  return Number.parseInt(name, 10) || 0
}

/**
 * Takes an event away: it is told at most once, also where telling it is cut off.
 *
 * @returns the event as it is told, in one line; undefined where somebody else has taken it
 * @throws SentinelError, or the system error, when it cannot be taken; nobody may be told then
 */
export function takeUntold(host: Host, name: string): string | undefined {
  const path = `${UNTOLD_DIRECTORY}/${name}`
  let text: string
  try {
    text = host.readText(path, LARGEST)
    JSON.parse(text)
  } catch (error) {
    text = JSON.stringify({ event: 'unreadable', message: errorText(error) })
  }
  if (host.lstat(path)?.isDirectory() !== true) return host.remove(path) ? text : undefined
  host.removeTree(path)
  return text
}

/** An event that nobody has noted, to try the programs with. */
export function testNotice(host: Host, message: string): Notice & { test: true } {
  const stamp = { at: new Date(host.now()).toISOString(), bootId: host.bootId(), uptimeMs: 0 }
  const entry = { ...stamp, kind: 'attention' as const, reasons: [message] }
  return { ...toNotice(host, entry), message, test: true }
}
