import type { Context } from './context.ts'
import { askFreeSpace, askRealPath } from '../host/directory.ts'
import type { PreflightFinding } from './check.ts'
import { type Mounted, mountedAt } from '../proc/mountinfo.ts'

/**
 * Checks that both directories are mounted, and that their servers answer. Otherwise pacman would
 * find no database ("there is nothing to do"), and fill the host's own disk with downloads.
 */
export async function checkMounts(context: Context): Promise<PreflightFinding[]> {
  const { host, local, config, deadline, syncDir, cacheDir } = context
  const findings: PreflightFinding[] = []
  for (const path of [syncDir, cacheDir]) {
    const answer = await askFreeSpace(path, deadline)
    if ('problem' in answer) {
      const missing = answer.problem.includes('No such file or directory')
      const message = missing
        ? `${path} does not exist: create it`
        : `${path} does not answer: ${answer.problem}`
      return [...findings, { check: 'mounts', result: 'skip', message }]
    }
    if (local) continue
    const real = await askRealPath(path, deadline)
    // Our own mounts, not PID 1's: systemd runs pacman with the same mounts as us.
    const mounted = mountedAt(host.readText('/proc/self/mountinfo'), real)
    findings.push(judgeMount(path, mounted, config.mountTypes))
  }
  if (local) return [{ check: 'mounts', result: 'ok', message: 'no mounts are expected (--local)' }]
  return findings
}

/**
 * @param mounted the mount at exactly this path
 * @param types the accepted file systems; none: any
 */
export function judgeMount(
  path: string,
  mounted: Mounted | undefined,
  types: readonly string[],
): PreflightFinding {
  const skip = (why: string): PreflightFinding => {
    return { check: 'mounts', result: 'skip', message: `${path} ${why}` }
  }
  if (mounted === undefined) return skip('is not mounted')
  const { type, source } = mounted
  if (type === 'autofs') return skip('is not mounted: only its automount is there')
  if (types.length > 0 && !types.includes(type)) {
    return skip(`is mounted from ${source} (${type}), and not by ${types.join(' or ')}`)
  }
  return { check: 'mounts', result: 'ok', message: `${path} is mounted from ${source} (${type})` }
}
