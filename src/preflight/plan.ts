import { errorText, SentinelError } from '../errors.ts'
import { describeBlocker } from '../ignored/blockers.ts'
import { judgeIgnored } from '../ignored/check.ts'
import type { UpgradeObstacle } from '../ignored/simulation-output.ts'
import { installedVersions, nameVersion } from '../pacman/database/local.ts'
import type { PreflightFinding } from './check.ts'
import type { DatabaseContext } from './context.ts'

/**
 * Has pacman plan the upgrade, with the answers of --noconfirm. Ignored packages that stop an
 * upgrade stop every upgrade, until a person ignores fewer or more; so does an installed package
 * that no repository has. What fails besides may work later: repositories do not fit together while
 * they are refreshed.
 */
export async function checkPlan(context: DatabaseContext): Promise<PreflightFinding[]> {
  const { host, dbPath, available } = context
  try {
    const { verdict, blockers, errors, obstacles } = await judgeIgnored(context)
    if (verdict === 'fine') {
      const message = 'pacman can plan the upgrade, and no ignored package stops it'
      return [{ check: 'plan', result: 'ok', message }]
    }
    if (verdict === 'blocked') {
      const reasons = blockers.length > 0 ? blockers.map(describeBlocker) : errors
      return [{ check: 'ignored', result: 'act', message: reasons.join('; ') }]
    }
    return [judgePlan(errors, obstacles, installedVersions(host, dbPath), available.versions)]
  } catch (error) {
    if (!(error instanceof SentinelError)) throw error
    return [{ check: 'plan', result: 'skip', message: errorText(error) }]
  }
}

/**
 * Judges a plan that fails even with nothing ignored.
 *
 * @param errors in pacman's words
 * @param installed @param offered versions, by the package's name
 */
export function judgePlan(
  errors: readonly string[],
  obstacles: readonly UpgradeObstacle[],
  installed: ReadonlyMap<string, string>,
  offered: ReadonlyMap<string, string>,
): PreflightFinding {
  const said = errors.map((line) => line.replace(/^(?:error|::):? /, '')).join('; ')
  const message = `pacman cannot work out the upgrade: ${said || 'it does not say why'}`
  const orphans = new Set(
    obstacles
      .flatMap((obstacle) => blamed(obstacle))
      .map((text) => (installed.has(text) ? text : (nameVersion(text)?.name ?? text)))
      .filter((name) => installed.has(name) && !offered.has(name)),
  )
  if (orphans.size === 0) return { check: 'plan', result: 'skip', message }
  const names = [...orphans].join(' ')
  const which = orphans.size === 1 ? `${names} is` : `${names} are`
  const remedy = `${which} in no repository. To do: pacman -R ${names}, or build it anew`
  return { check: 'plan', result: 'act', message: `${message}; ${remedy}` }
}

/** The packages that stand in the way: the one whose need would be broken, or both in a conflict. */
function blamed({ kind, package: owner, needs }: UpgradeObstacle): string[] {
  if (kind === 'missing') return []
  return kind === 'breaks' ? [owner] : [owner, needs]
}
