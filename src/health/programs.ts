import { errorText, ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'

/** An administrator's own checks: executables that end with 0, or say in one line why not. */
export const HEALTH_DIRECTORY = '/etc/kured-sentinel/health.d'

const MOST_BYTES = 64 * 1024

/**
 * Runs the checks of the administrator, one after the other.
 *
 * @param timeoutMs for each
 * @returns what is not well, each in one line
 */
export async function runHealthPrograms(host: Host, timeoutMs: number): Promise<string[]> {
  const reasons: string[] = []
  const names = ifThere(() => host.list(HEALTH_DIRECTORY)) ?? []
  for (const name of names.filter((one) => !one.startsWith('.')).toSorted()) {
    const path = `${HEALTH_DIRECTORY}/${name}`
    const why = await runHealthProgram(host, path, timeoutMs)
    if (why !== undefined) reasons.push(`${path}: ${why}`)
  }
  return reasons
}

async function runHealthProgram(
  host: Host,
  path: string,
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    const found = host.stat(path)
    // A README, and what is switched off with chmod -x.
    if (found === undefined || !found.isFile() || (found.mode & 0o111) === 0) return undefined
    if (found.uid !== 0 || (found.mode & 0o022) !== 0) {
      return 'not run, because not only root can write to it'
    }
    const limits = { timeoutMs, maxBytes: MOST_BYTES }
    const { exitCode, timedOut, stdout, stderr } = await awaitProgram(host.path(path), [], limits)
    if (exitCode === 0) return undefined
    if (timedOut) return `no answer within ${timeoutMs / 1000} s`
    const [said = ''] = `${stdout.toString()}\n${stderr}`.split('\n').filter(Boolean)
    return said || `exit ${exitCode}`
  } catch (error) {
    return errorText(error)
  }
}
