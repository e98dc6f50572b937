import type { Config } from '../config/config.ts'
import type { HealthLook } from './look.ts'
import type { Health, HealthVerdict } from './state.ts'

type Times = Pick<Config, 'healthAfter' | 'healthEvery' | 'healthLimit' | 'healthStable'>

export interface HealthView {
  /** ms since the boot */
  uptime: () => number
  look: (earlier: HealthLook['restarts']) => Promise<HealthLook>
  pause: (ms: number) => Promise<void>
  /** the verdict on the disk: of an earlier run in this boot, or of a person meanwhile */
  read: () => Health | undefined
  /** called with each verdict, and each change of its reasons */
  write: (verdict: HealthVerdict, reasons: string[]) => void | Promise<void>
}

/**
 * Looks from `after` on, until all has been well for `stable`, or a person accepts it as it is. Not
 * well by `limit`, it is unhealthy: that is told, and looking goes on until it is mended.
 *
 * @returns the last verdict
 */
export async function watchHealth(view: HealthView, times: Times): Promise<'healthy' | 'accepted'> {
  const known = view.read()
  if (known?.verdict === 'healthy' || known?.verdict === 'accepted') return known.verdict
  let verdict: HealthVerdict = known?.verdict ?? 'pending'
  let told = known === undefined ? '' : JSON.stringify([verdict, known.reasons])
  let restarts: HealthLook['restarts'] = {}
  let wellSince: number | undefined
  const tell = async (next: HealthVerdict, reasons: string[]) => {
    const telling = JSON.stringify([next, reasons])
    if (telling !== told) await view.write(next, reasons)
    told = telling
    verdict = next
  }
  if (known === undefined) await tell('pending', [])
  await view.pause(Math.max(0, times.healthAfter - view.uptime()))
  const began = view.uptime()
  for (;;) {
    const seen = await view.look(restarts)
    if (view.read()?.verdict === 'accepted') return 'accepted'
    restarts = seen.restarts
    const now = view.uptime()
    wellSince = seen.reasons.length > 0 ? undefined : (wellSince ?? now)
    if (wellSince !== undefined && now - wellSince >= times.healthStable) {
      await tell('healthy', [])
      return 'healthy'
    }
    const isLate = now - began >= times.healthLimit || verdict === 'unhealthy'
    if (seen.reasons.length > 0) await tell(isLate ? 'unhealthy' : 'pending', seen.reasons)
    await view.pause(times.healthEvery)
  }
}
