import type { NotSeen } from '../sentinel/not-seen.ts'
import { listed } from '../text/listed.ts'
import type { KubeletStatus } from './kubelet-status.ts'

/** What `status` tells beside the report: no part of the verdict. */
export interface StatusAside {
  /** undefined where there is none, or the host is another one's files */
  kubelet: KubeletStatus | undefined
  notSeen: NotSeen
}

/** Packages that are named. */
const NAMED = 5

/** Where older scripts or firmware may still be in use, in one line each; '' where none may. */
export function describeNotSeen({ scripts, firmware, problem }: NotSeen): string[] {
  const told: string[] = []
  if (scripts.length > 0) {
    told.push(`not seen: whether older scripts still run, of ${listed(scripts, NAMED)}`)
  }
  if (firmware.length > 0) {
    told.push(`not seen: whether devices run older firmware, of ${listed(firmware, NAMED)}`)
  }
  if (problem !== undefined) {
    told.push(`not seen: whether scripts or firmware were upgraded (${problem})`)
  }
  return told
}
