import { askVersions, type NodeVersions } from './server.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { isNewer, parseVersion, type Part, refuseVersion } from './version.ts'

/** A package that an upgrade offers another version of. */
export interface OfferedPackage {
  name: string
  part: Part
  installed: string
  available: string
}

/** What is to be said of an offer. */
export interface OfferVerdict {
  fits: boolean
  /** whether an upgrade may bring it: it fits, or is nearer to fitting than what is installed */
  mayCome: boolean
  /** goes on after the package's name and version: "fits the apiserver, 1.37.2" */
  message: string
}

/** Whether the version that is offered fits: undefined where that cannot be told, or is no upgrade. */
export function judgeOffer(
  { part, installed, available }: OfferedPackage,
  { server }: NodeVersions,
): OfferVerdict | undefined {
  const [here, next] = [parseVersion(installed), parseVersion(available)]
  if (next === undefined || (here !== undefined && !isNewer(next, here))) return undefined
  const misfit = refuseVersion(part, next, server)
  if (misfit === undefined) {
    return { fits: true, mayCome: true, message: `fits the apiserver, ${server.text}` }
  }
  // One that is too old is still an upgrade: to keep it away keeps an even older one.
  if (here === undefined || isNewer(next, server)) {
    return { fits: false, mayCome: false, message: `is ${misfit}` }
  }
  const message = `is ${misfit}, and ${here.text} is older still`
  return { fits: false, mayCome: true, message }
}

/** What an offer means for a package that is ignored: "may be released: 1.37.2-1 fits …". */
export function describeIgnored({ available }: OfferedPackage, judged: OfferVerdict): string {
  const may = judged.mayCome ? 'may be released' : 'must stay ignored'
  return `${may}: ${available} ${judged.message}`
}

/** What makes a kubelet fit that does not. */
export function kubeletRemedy({ kubelet, server }: NodeVersions): string {
  return isNewer(kubelet, server)
    ? 'upgrade the control plane first, or install the kubelet’s older package'
    : 'upgrade the kubelet, after a drain: docs/kubernetes.md has the way'
}

/** How the kubelet fits that the next start begins: "kubelet 1.38.0 is newer than …"; or undefined. */
export function kubeletMisfit({ kubelet, server }: NodeVersions): string | undefined {
  const misfit = refuseVersion('kubelet', kubelet, server)
  return misfit && `kubelet ${kubelet.text} is ${misfit}`
}

/**
 * Why the host must not be rebooted now: its kubelet would start in a version that does not fit.
 *
 * @returns undefined where it fits, or nobody can tell
 */
export async function refuseKubelet(host: Host, deadline: Deadline): Promise<string | undefined> {
  const versions = await askVersions(host, deadline)
  if (versions === undefined || 'unknown' in versions) return undefined
  const misfit = kubeletMisfit(versions)
  return (
    misfit &&
    `a reboot would start a kubelet that does not fit: ${misfit}. To do: ${kubeletRemedy(versions)}`
  )
}
