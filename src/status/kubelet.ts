import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { kubeletMisfit } from '../skew/fit.ts'
import { askVersions } from '../skew/server.ts'

/** The kubelet that the next boot starts, and whether it fits the apiserver. */
export interface KubeletStatus {
  /** undefined where nobody can tell */
  fits: boolean | undefined
  message: string
}

/** In ms: a person waits for it. */
const LIMIT_MS = 6_000

/** @returns undefined where the host has no kubelet, or it is one program with the apiserver */
export async function askKubeletStatus(host: Host): Promise<KubeletStatus | undefined> {
  const known = await askVersions(host, new Deadline(LIMIT_MS))
  if (known === undefined) return undefined
  if ('unknown' in known) {
    return {
      fits: undefined,
      message: `not compared with the apiserver: ${known.unknown}`,
    }
  }
  const misfit = kubeletMisfit(known)
  const { kubelet, server } = known
  const message =
    misfit === undefined
      ? `a reboot starts kubelet ${kubelet.text}, which fits the apiserver, ${server.text}`
      : `no reboot: ${misfit}`
  return { fits: misfit === undefined, message }
}
