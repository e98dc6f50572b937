import { SentinelError } from '../errors.ts'
import { isRunByKured } from '../host/caller.ts'

/**
 * To Kured every 0 is "reboot", so a help page or a status must not be one.
 *
 * @throws SentinelError where Kured runs us
 */
export function refuseKured(): void {
  if (!isRunByKured()) return
  throw new SentinelError(
    'Kured takes exit code 0 for "reboot": set its sentinel command to `kured-sentinel` alone',
  )
}
