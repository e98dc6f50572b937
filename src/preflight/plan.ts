import { errorText, SentinelError } from '../errors.ts'
import { describeBlocker } from '../ignored/blockers.ts'
import { judgeIgnored } from '../ignored/check.ts'
import type { UpgradeObstacle } from '../ignored/simulation-output.ts'
import { installedVersions, nameVersion } from '../pacman/database/local.ts'
import type { PreflightFinding } from './check.ts'
import type { DatabaseContext } from './context.ts'
import { refreshAdvice } from './refresh.ts'

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
      const advice = 'kured-sentinel ignore check, then ignore fewer packages or more'
      return [{ check: 'ignored', result: 'act', message: reasons.join('; '), advice }]
    }
    const installed = installedVersions(host, dbPath)
    return [judgePlan(errors, obstacles, installed, available.versions, planAdvice(context))]
  } catch (error) {
    if (!(error instanceof SentinelError)) throw error
    const advice = planAdvice(context)
    return [{ check: 'plan', result: 'skip', message: errorText(error), advice }]
  }
}

/** Of repositories that do not fit together. */
export function planAdvice(context: Pick<DatabaseContext, 'local'>): string {
  return `wait for the repositories to fit together again (${refreshAdvice(context)})`
}

/**
 * Judges a plan that fails even with nothing ignored.
 *
 * @param errors in pacman's words
 * @param installed @param offered versions, by the package's name
 * @param wait what to do where it may pass
 */
export function judgePlan(
  errors: readonly string[],
  obstacles: readonly UpgradeObstacle[],
  installed: ReadonlyMap<string, string>,
  offered: ReadonlyMap<string, string>,
  wait: string,
): PreflightFinding {
  const said = errors.map((line) => line.replace(/^(?:error|::):? /, '')).join('; ')
  const message = `pacman cannot work out the upgrade: ${said || 'it does not say why'}`
  const orphans = new Set(
    obstacles
      .flatMap((obstacle) => blamed(obstacle))
      .map((text) => (installed.has(text) ? text : (nameVersion(text)?.name ?? text)))
      .filter((name) => installed.has(name) && !offered.has(name)),
  )
  if (orphans.size === 0) return { check: 'plan', result: 'skip', message, advice: wait }
  const names = [...orphans].join(' ')
  const which = orphans.size === 1 ? `${names} is` : `${names} are`
  const advice = `pacman -R ${names}, or build it anew`
  return { check: 'plan', result: 'act', message: `${message}; ${which} in no repository`, advice }
}

/** The packages that stand in the way: the one whose need would be broken, or both in a conflict. */
function blamed({ kind, package: owner, needs }: UpgradeObstacle): string[] {
  if (kind === 'missing') return []
  return kind === 'breaks' ? [owner] : [owner, needs]
}
