import { SentinelError } from './errors.ts'

/**
 * To Kured every 0 is "reboot", so a help page or a status must not be one. Kured gives its
 * variables to whatever it runs.
 */
export function refuseKured(): void {
  if (process.env['KURED_NODE_ID'] === undefined) return
  throw new SentinelError(
    'Kured takes exit code 0 for "reboot": set its sentinel command to `kured-sentinel` alone',
  )
}
