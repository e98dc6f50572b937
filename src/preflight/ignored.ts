import { errorText, SentinelError } from '../errors.ts'
import { describeBlocker } from '../ignored/blockers.ts'
import { judgeIgnored } from '../ignored/check.ts'
import type { PreflightFinding } from './check.ts'
import type { DatabaseContext } from './context.ts'

/**
 * Ignored packages that stop an upgrade stop every upgrade, until a person ignores fewer or more.
 * An upgrade that fails even with nothing ignored may work later: repositories do not fit together
 * while they are refreshed.
 */
export async function checkIgnoredPackages(context: DatabaseContext): Promise<PreflightFinding[]> {
  const check = 'ignored'
  try {
    const { verdict, blockers, errors } = await judgeIgnored(context)
    if (verdict === 'fine') {
      return [{ check, result: 'ok', message: 'no ignored package stops the upgrade' }]
    }
    const reasons = blockers.length > 0 ? blockers.map(describeBlocker) : errors
    const message = reasons.join('; ')
    return [{ check, result: verdict === 'unknown' ? 'skip' : 'act', message }]
  } catch (error) {
    if (!(error instanceof SentinelError)) throw error
    return [{ check, result: 'skip', message: errorText(error) }]
  }
}
