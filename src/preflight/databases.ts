import { errorText, SentinelError } from '../errors.ts'
import { askAvailable } from '../pacman/database/available.ts'
import { repositories } from '../pacman/conf/conf.ts'
import { inHostPaths, withDatabaseCopy } from '../pacman/database/copy.ts'
import { writeFlatConfs } from '../pacman/conf/pacman-conf.ts'
import type { Context, DatabaseContext } from './context.ts'
import { type PreflightFinding, inOrder } from './check.ts'
import { checkPlan } from './plan.ts'
import { refreshAdvice } from './refresh.ts'
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
    return [{ check: 'databases', result: 'act', message, advice: `name one in ${pacmanConf}` }]
  }
  const checks = [checkSet, checkOpening, checkAge, checkPlan, checkPackages]
  try {
    return await withDatabaseCopy(host.path(dbPath), names, deadline, async (copy) => {
      const confs = writeFlatConfs(pacmanConf, copy.path, deadline)
      const available = askAvailable(confs.asItIs, names, deadline)
      const findings = await inOrder(checks, { ...context, copy, available, ...confs })
      return findings.map((finding) => {
        return { ...finding, message: inHostPaths(finding.message, copy.path, dbPath, pacmanConf) }
      })
    })
  } catch (error) {
    if (!(error instanceof SentinelError)) throw error
    const advice = refreshAdvice(context)
    return [{ check: 'databases', result: 'skip', message: errorText(error), advice }]
  }
}

/** Where nobody shares the databases, a person has refreshed them: then the packages are checked as ever. */
function checkSet(context: DatabaseContext): PreflightFinding[] {
  const { copy, local } = context
  if (copy.torn === undefined) return []
  const finding = { check: 'databases', message: copy.torn, advice: refreshAdvice(context) }
  return [{ ...finding, result: local ? 'warning' : 'skip' }]
}

function checkOpening(context: DatabaseContext): PreflightFinding[] {
  const { conf, dbPath, available } = context
  return [judgeOpening(available.problems, repositories(conf), dbPath, refreshAdvice(context))]
}

/** What pacman says of its database of installed packages. [libalpm/be_local.c] */
const LOCAL =
  /invalid name for database entry|duplicated database entry|database is incorrect version|^error: could not .*\/local\b/

/**
 * If a sync database is missing, empty or broken, pacman says that there is nothing to do; the next
 * refresh may bring it. A wrong entry of the installed packages stays until a person mends it.
 *
 * @param problems in pacman's words
 * @param refresh what brings new sync databases
 */
export function judgeOpening(
  problems: readonly string[],
  names: readonly string[],
  dbPath: string,
  refresh: string,
): PreflightFinding {
  const check = 'databases'
  if (problems.length === 0) {
    return { check, result: 'ok', message: `${names.join(' and ')} can be read` }
  }
  const local = problems.filter((problem) => LOCAL.test(problem))
  if (local.length === 0) {
    const message = `not all sync databases can be read: ${problems.join('; ')}`
    return { check, result: 'skip', message, advice: refresh }
  }
  const advice = local.some((problem) => problem.includes('incorrect version'))
    ? 'pacman-db-upgrade'
    : `move the wrong entry out of ${dbPath}/local, then install its package anew`
  const message = `pacman’s database of installed packages is broken: ${local.join('; ')}`
  return { check, result: 'act', message, advice }
}

/** The age is by the server's clock. If ours is behind it, there is no warning. */
function checkAge(context: DatabaseContext): PreflightFinding[] {
  const { host, config, copy } = context
  const age = host.now() - copy.newest.getTime()
  if (age <= config.databaseAge) return []
  const days = Math.floor(age / 86_400_000)
  const message = `the newest sync database is from ${copy.newest.toISOString()}, ${days} days old`
  return [{ check: 'databases', result: 'warning', message, advice: refreshAdvice(context) }]
}
