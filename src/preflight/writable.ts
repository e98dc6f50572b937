import { askDownloadUser } from '../pacman/conf/pacman-conf.ts'
import type { PreflightFinding } from './check.ts'
import type { Context } from './context.ts'
import { askNobodysFiles, askWritable } from '../host/directory.ts'
import { WRITABLE_ADVICE } from '../publish/try-writing.ts'

/**
 * A download refreshes the databases and fills the cache, so it must write to both, and pacman 7
 * gives what it makes there to its DownloadUser first. [libalpm/util.c, _alpm_temporary_download_dir_setup]
 */
export async function checkWritable(context: Context): Promise<PreflightFinding[]> {
  const { syncDir, cacheDir, pacmanConf } = context
  const user = askDownloadUser(pacmanConf)
  for (const path of [syncDir, cacheDir]) {
    const obstacle = await findObstacle(path, user, context)
    if (obstacle !== undefined) {
      return [
        {
          check: 'writable',
          result: 'skip',
          message: `${path} ${obstacle}`,
          advice: WRITABLE_ADVICE,
        },
      ]
    }
  }
  return [
    { check: 'writable', result: 'ok', message: `${syncDir} and ${cacheDir} can be written to` },
  ]
}

async function findObstacle(
  path: string,
  user: string | undefined,
  { deadline }: Context,
): Promise<string | undefined> {
  const problem = await askWritable(path, deadline)
  if (problem !== undefined) {
    const why = problem || 'it is read-only, or its server maps root to nobody (no_root_squash)'
    return `cannot be written to: ${why}`
  }
  if (user === undefined || !(await askNobodysFiles(path, deadline))) return undefined
  const squashed = 'has files of nobody: its server maps root to nobody'
  return `${squashed}, so pacman cannot give its downloads to ${user} (no_root_squash)`
}
