import { isRebootPending } from '../reboot/pending.ts'
import type { Context } from './context.ts'
import type { PreflightFinding } from './check.ts'

/** While `reboot` waits for a running upgrade, no new one may begin. */
export function checkReboot({ host }: Context): PreflightFinding[] {
  const check = 'reboot'
  return isRebootPending(host)
    ? [
        {
          check,
          result: 'skip',
          message: 'kured-sentinel reboot is about to reboot this host',
          advice: 'wait for the boot: the next run goes',
        },
      ]
    : [{ check, result: 'ok', message: 'no reboot is pending' }]
}
