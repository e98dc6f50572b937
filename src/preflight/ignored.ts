import { errorText, SentinelError } from '../errors.ts'
import { describeBlocker } from '../ignored/blockers.ts'
import { checkIgnored } from '../ignored/check.ts'
import type { PreflightFinding } from './check.ts'
import type { DatabaseContext } from './databases.ts'

/**
 * Held packages that stop the whole upgrade do so each time, until a person lets them go or holds
 * back more. What fails without them as well, such as repositories that do not fit together while
 * they are refreshed, may pass.
 */
export async function checkHeld(context: DatabaseContext): Promise<PreflightFinding[]> {
  const { host, pacmanConf, deadline } = context
  try {
    const { verdict, blockers, errors } = await checkIgnored(host, pacmanConf, deadline)
    if (verdict === 'fine') {
      return [{ check: 'held', result: 'ok', message: 'what is held does not stop the upgrade' }]
    }
    const reasons = blockers.length > 0 ? blockers.map(describeBlocker) : errors
    const message = reasons.join('; ')
    if (verdict === 'unknown') return [{ check: 'held', result: 'skip', message }]
    return [{ check: 'held', result: 'act', message }]
  } catch (error) {
    if (!(error instanceof SentinelError)) throw error
    return [{ check: 'held', result: 'skip', message: errorText(error) }]
  }
}
