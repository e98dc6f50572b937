import { judgeOffer } from '../skew/fit.ts'
import { kubernetesPackages } from '../skew/packages.ts'
import { askVersions } from '../skew/server.ts'
import type { PreflightFinding } from './check.ts'
import type { DatabaseContext } from './context.ts'

/**
 * A kubelet that is newer than its apiserver must not be installed: the next reboot would start it.
 * By the packages that pacman would install; a server that does not answer holds nothing up.
 */
export async function checkKubernetes(
  { host, dbPath, deadline }: DatabaseContext,
  targets: readonly { name: string; version: string }[],
): Promise<PreflightFinding[]> {
  const check = 'versions'
  const packages = kubernetesPackages(host, dbPath, deadline)
  const offers = targets.flatMap(({ name, version }) => {
    const found = packages.get(name)
    return found === undefined ? [] : [{ name, available: version, ...found }]
  })
  if (offers.length === 0) return []
  const versions = await askVersions(host, deadline)
  if (versions === undefined) return []
  if ('unknown' in versions) {
    return [{ check, result: 'ok', message: `not compared: ${versions.unknown}` }]
  }
  return offers.flatMap((offer): PreflightFinding[] => {
    const { name, available, part } = offer
    const judged = judgeOffer(offer, versions)
    if (judged === undefined) return []
    const message = `${name} ${available} ${judged.message}`
    if (judged.fits) return [{ check, result: 'ok', message }]
    const advice = `kured-sentinel ignore add ${name}`
    if (judged.mayCome || part !== 'kubelet') return [{ check, result: 'warning', message }]
    return [{ check, result: 'act', message, advice }]
  })
}
