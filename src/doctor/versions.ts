import {
  type DoctorCheck,
  type DoctorContext,
  type DoctorFinding,
  ok,
  unknown,
  warning,
  wrong,
} from './line.ts'
import { ignoredEntries } from './ignored.ts'
import { PACMAN_CONF, readHostConf } from '../pacman/conf/conf.ts'
import { readAvailable } from '../pacman/database/available.ts'
import {
  describeIgnored,
  judgeOffer,
  kubeletMisfit,
  kubeletRemedy,
  type OfferedPackage,
} from '../skew/fit.ts'
import { kubernetesPackages } from '../skew/packages.ts'
import { askVersions, type NodeVersions } from '../skew/server.ts'
import { parseVersion, refuseVersion } from '../skew/version.ts'

/** Whether kubelet, kubeadm and kubectl fit the apiserver, now and after the next upgrade. */
export const versions: DoctorCheck = {
  area: 'versions',
  async look(place) {
    const { host, deadline } = place
    const found = await askVersions(host, deadline)
    if (found === undefined) return [ok('not compared: no kubelet with an apiserver elsewhere')]
    // Nobody answers: neither is anything wrong, nor is it known to be right.
    if ('unknown' in found) return [unknown(`not compared: ${found.unknown}`)]
    return judgeVersions(found, installedParts(place), offersOf(place))
  },
}

/** @param others the installed versions of kubeadm and kubectl, by package */
export function judgeVersions(
  known: NodeVersions,
  others: readonly OfferedPackage[],
  offers: readonly (OfferedPackage & { isIgnored: boolean })[],
): DoctorFinding[] {
  const { kubelet, server } = known
  const misfit = kubeletMisfit(known)
  const starts = `kubelet ${kubelet.text}, which a reboot or restart starts,`
  return [
    misfit === undefined
      ? ok(`${starts} fits the apiserver, ${server.text}`)
      : wrong(`${misfit}; a reboot or restart starts it`, kubeletRemedy(known)),
    ...others.flatMap((other) => judgeOther(other, known)),
    ...offers.flatMap((offer) => judgeNext(offer, known)),
  ]
}

/** kubeadm and kubectl, by their packages: the kubelet has said itself what it is. */
function judgeOther(
  { name, part, installed }: OfferedPackage,
  { server }: NodeVersions,
): DoctorFinding[] {
  if (part === 'kubelet') return []
  const version = parseVersion(installed)
  if (version === undefined) return [unknown(`${name} ${installed} has no version to compare`)]
  const misfit = refuseVersion(part, version, server)
  if (misfit === undefined) return [ok(`${name} ${installed} fits the apiserver, ${server.text}`)]
  return [warning(`${name} ${installed} is ${misfit}`, 'see docs/kubernetes.md')]
}

function judgeNext(
  { isIgnored, ...offer }: OfferedPackage & { isIgnored: boolean },
  known: NodeVersions,
): DoctorFinding[] {
  const { name, available } = offer
  const judged = judgeOffer(offer, known)
  if (judged === undefined) return []
  if (isIgnored) return [ok(`${name} ${describeIgnored(offer, judged)}`)]
  if (judged.mayCome) return []
  const message = `the next upgrade brings ${name} ${available}, which ${judged.message}`
  const advice = `kured-sentinel ignore add ${name}`
  // The others harm nobody before a person calls them.
  return [offer.part === 'kubelet' ? wrong(message, advice) : warning(message, advice)]
}

function installedParts({ host, dbPath, deadline }: DoctorContext): OfferedPackage[] {
  return [...kubernetesPackages(host, dbPath, deadline)].map(([name, { part, installed }]) => {
    return { name, part, installed, available: '' }
  })
}

function offersOf(place: DoctorContext): (OfferedPackage & { isIgnored: boolean })[] {
  const { host, deadline } = place
  const entries = ignoredEntries(host, deadline).flatMap((list) => list.entries)
  const ignored = new Set(entries.flatMap(({ packages }) => packages.map(({ name }) => name)))
  const { versions: offered } = readAvailable(host, PACMAN_CONF, readHostConf(host), deadline)
  return installedParts(place).flatMap((part) => {
    const available = offered.get(part.name)
    return available === undefined
      ? []
      : [{ ...part, available, isIgnored: ignored.has(part.name) }]
  })
}
