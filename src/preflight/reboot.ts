import { isRebootPending } from '../reboot/pending.ts'
import type { Context } from './context.ts'
import type { PreflightFinding } from './check.ts'

/** The last gate before a reboot waits for what runs: nothing new is to begin meanwhile. */
export function checkReboot({ host }: Context): PreflightFinding[] {
  const check = 'reboot'
  return isRebootPending(host)
    ? [{ check, result: 'skip', message: 'kured-sentinel reboot is about to reboot this host' }]
    : [{ check, result: 'ok', message: 'no reboot is pending' }]
}
