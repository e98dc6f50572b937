import { errorText } from '../errors.ts'
import { type DropIn, listDropIns } from '../host/drop-ins.ts'
import { runGroup } from '../host/group.ts'
import type { Host } from '../host/host.ts'

/** An administrator's own checks: executables that end with 0, or say in one line why not. */
export const HEALTH_DIRECTORY = '/etc/kured-sentinel/health.d'

/**
 * Runs the checks of the administrator, one after the other.
 *
 * @param timeoutMs for each
 * @returns what is not well, each in one line
 */
export async function runHealthPrograms(host: Host, timeoutMs: number): Promise<string[]> {
  const reasons: string[] = []
  for (const one of listDropIns(host, HEALTH_DIRECTORY)) {
    const why = await runHealthProgram(host, one, timeoutMs)
    if (why !== undefined) reasons.push(`${one.path}: ${why}`)
  }
  return reasons
}

async function runHealthProgram(
  host: Host,
  { path, refused }: DropIn,
  timeoutMs: number,
): Promise<string | undefined> {
  if (refused !== undefined) return refused
  try {
    const { exitCode, timedOut, said } = await runGroup(host.path(path), { timeoutMs })
    if (timedOut) return `no answer within ${timeoutMs / 1000} s`
    return exitCode === 0 ? undefined : said || `exit ${exitCode}`
  } catch (error) {
    return errorText(error)
  }
}
