import type { Context } from './context.ts'
import { askFreeSpace, askRealPath } from '../host/directory.ts'
import { CONFIG_FILE } from '../config/config.ts'
import { unitNameOf } from '../systemd/escape.ts'
import { type PreflightFinding, SERVER_ADVICE } from './check.ts'
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
      return [...findings, judgeSilence(path, answer.problem, local)]
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

/** A directory whose file system cannot be asked, or that is missing. */
function judgeSilence(path: string, problem: string, local: boolean): PreflightFinding {
  const check = 'mounts'
  if (problem.includes('No such file or directory')) {
    const advice = local ? `mkdir -p ${path}` : `mkdir -p ${path}, then ${mountAdvice(path)}`
    return { check, result: 'skip', message: `${path} does not exist`, advice }
  }
  const message = `${path} does not answer: ${problem}`
  return { check, result: 'skip', message, advice: adviceForSilence(problem, path) }
}

/** ESTALE: the mount has handles of files that the server has no more. [nfs(5)] */
export function adviceForSilence(problem: string, path: string): string {
  if (!/Stale file handle/.test(problem)) return SERVER_ADVICE
  return `its server has made the export anew: systemctl restart ${unitNameOf(path, 'mount')}`
}

/** What to do about a path that is to be mounted, and is not. systemctl(1) takes a path for its mount. */
export function mountAdvice(path: string): string {
  return `systemctl start ${path} (NFS needs nfs-utils), or kured-sentinel units install with --nfs, or with --local where all is on this host’s own disk`
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
  const skip = (why: string, advice: string): PreflightFinding => {
    return { check: 'mounts', result: 'skip', message: `${path} ${why}`, advice }
  }
  if (mounted === undefined) return skip('is not mounted', mountAdvice(path))
  const { type, source } = mounted
  const unit = unitNameOf(path, 'mount')
  if (type === 'autofs') {
    const advice = `systemctl start ${unit}; if it fails, journalctl -u ${unit}`
    return skip('is not mounted: only its automount is there', advice)
  }
  if (types.length > 0 && !types.includes(type)) {
    const why = `is mounted from ${source} (${type}), and not by ${types.join(' or ')}`
    return skip(why, `mount it from its server, or name ${type} in mount-types in ${CONFIG_FILE}`)
  }
  return { check: 'mounts', result: 'ok', message: `${path} is mounted from ${source} (${type})` }
}
