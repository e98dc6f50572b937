import { errorText, SentinelError } from '../errors.ts'
import { askAvailable } from '../pacman/database/available.ts'
import { repositories } from '../pacman/conf/conf.ts'
import { withDatabaseCopy } from '../pacman/database/copy.ts'
import { writeFlatConfs } from '../pacman/conf/pacman-conf.ts'
import type { Context, DatabaseContext } from './context.ts'
import { type PreflightFinding, inOrder } from './check.ts'
import { checkPlan } from './plan.ts'
import { checkPackages } from './packages.ts'

/**
 * Checks the databases, and the upgrade that they offer. All checks use one copy, which does not
 * change meanwhile, and does not depend on a server.
 */
export async function checkDatabases(context: Context): Promise<PreflightFinding[]> {
  const { host, conf, pacmanConf, dbPath, deadline } = context
  const names = repositories(conf)
  if (names.length === 0) {
    const message = `${pacmanConf} names no repository`
    return [{ check: 'databases', result: 'act', message }]
  }
  const checks = [checkOpening, checkAge, checkPlan, checkPackages]
  try {
    return await withDatabaseCopy(host.path(dbPath), names, deadline, (copy) => {
      const confs = writeFlatConfs(pacmanConf, copy.path, deadline)
      const available = askAvailable(confs.asItIs, names, deadline)
      return inOrder(checks, { ...context, copy, available, ...confs })
    })
  } catch (error) {
    if (!(error instanceof SentinelError)) throw error
    return [{ check: 'databases', result: 'skip', message: errorText(error) }]
  }
}

/** If a database is missing, empty or broken, pacman says that there is nothing to do. */
function checkOpening({ conf, available }: DatabaseContext): PreflightFinding[] {
  const names = repositories(conf)
  const { problems } = available
  if (problems.length === 0) {
    return [{ check: 'databases', result: 'ok', message: `${names.join(' and ')} can be read` }]
  }
  const message = `not all sync databases can be read: ${problems.join('; ')}`
  return [{ check: 'databases', result: 'skip', message }]
}

/** The age is by the server's clock. If ours is behind it, there is no warning. */
function checkAge({ host, config, copy }: DatabaseContext): PreflightFinding[] {
  const age = host.now() - copy.newest.getTime()
  if (age <= config.databaseAge) return []
  const days = Math.floor(age / 86_400_000)
  const message = `the newest sync database is from ${copy.newest.toISOString()}, ${days} days old`
  return [{ check: 'databases', result: 'warning', message }]
}
