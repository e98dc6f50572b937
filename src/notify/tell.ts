import { errorText } from '../errors.ts'
import { NOTIFY_DIRECTORY } from '../history/untold.ts'
import { type DropIn, listDropIns } from '../host/drop-ins.ts'
import { runGroup } from '../host/group.ts'
import type { Host } from '../host/host.ts'

/** What each program may take. */
const PROGRAM_MS = 60_000

/** How telling a program went. */
export interface Telling {
  path: string
  /** why it was not told, or what it said when it failed */
  problem?: string
}

/** The programs of the administrator. Throws the system error where they cannot be listed. */
export function listNotifyPrograms(host: Host): DropIn[] {
  return listDropIns(host, NOTIFY_DIRECTORY)
}

/**
 * Tells an event to all programs, one after the other. One that fails is not asked again: what can
 * be repeated without harm, only it knows.
 *
 * @param event one line of JSON
 */
export async function tellPrograms(
  host: Host,
  event: string,
  timeoutMs = PROGRAM_MS,
): Promise<Telling[]> {
  const tellings: Telling[] = []
  for (const { path, refused } of listNotifyPrograms(host)) {
    const problem = refused ?? (await tellProgram(host, path, event, timeoutMs))
    tellings.push({ path, ...(problem !== undefined && { problem }) })
  }
  return tellings
}

async function tellProgram(
  host: Host,
  path: string,
  event: string,
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    const limits = { timeoutMs, input: `${event}\n` }
    const { exitCode, timedOut, said } = await runGroup(host.path(path), limits)
    if (timedOut) return `killed after ${timeoutMs / 1000} s`
    return exitCode === 0 ? undefined : said || `exit ${exitCode}`
  } catch (error) {
    return errorText(error)
  }
}
