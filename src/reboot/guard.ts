import { ignore, type Finding } from '../sentinel/finding.ts'

/** A reboot that was asked for: because of what, and in which boot. */
export interface RebootRequest {
  cause: string
  bootId: string
}

/** The boot of a request that may have been made, where what was remembered is lost: no boot's ID. */
const LOST = ''

export interface Guarded {
  /** what was found, with the reasons that a reboot did not clear no longer asking for one */
  findings: Finding[]
  /** what to remember */
  requests: RebootRequest[]
}

/**
 * Keeps a reboot that did not help from being asked for again.
 *
 * What pacman replaced in this boot cannot have been asked for in an earlier one, and is not there
 * after the next: nothing need be remembered of it. Two causes can outlast a boot. A kernel that the
 * boot loader does not start is asked for once for each installation of its package. A deleted file
 * that no package brings (count = deleted) is asked for once, until pacman replaces it.
 *
 * @param findings of a complete look
 * @param remembered the requests made so far; undefined where they are lost
 */
export function decideGuard(
  findings: readonly Finding[],
  bootId: string,
  remembered: readonly RebootRequest[] | undefined,
): Guarded {
  const kept = remembered?.filter((one) => one.bootId === bootId || isLasting(one)) ?? []
  const requests = new Map(kept.map((request) => [request.cause, request]))
  const judged = findings.map((finding) => {
    if (finding.effect !== 'reboot') return finding
    const cause = causeOf(finding)
    const lost = remembered === undefined ? { cause, bootId: LOST } : undefined
    const earlier = requests.get(cause) ?? lost
    if (finding.byPacman !== true && isLasting({ cause }) && earlier !== undefined) {
      if (earlier.bootId !== bootId) {
        requests.set(cause, earlier)
        return useless(finding, earlier.bootId)
      }
    }
    requests.delete(`deleted ${finding.path}`)
    requests.set(cause, { cause, bootId })
    return earlier?.bootId === bootId ? { ...finding, askedIn: bootId } : finding
  })
  const anew = judged.some(({ effect }) => effect === 'reboot')
  return { findings: anew ? judged.map(setAside) : judged, requests: [...requests.values()] }
}

/** Whether a cause can be there after the boot as it was before. */
function isLasting({ cause }: Pick<RebootRequest, 'cause'>): boolean {
  return /^(kernel|deleted) /.test(cause)
}

/**
 * What makes two findings the same reason for a reboot. PIDs change with each boot, and so do the
 * names of scopes and sessions, and the inodes of an initramfs: with any of them in it, an unchanged
 * cause could look like a new one each time.
 */
function causeOf({ kind, path, byPacman, ...owner }: Finding): string {
  if (kind === 'kernel') return `kernel ${owner.package} ${owner.version} ${owner.installedAt}`
  return byPacman === false ? `deleted ${path}` : `${kind} ${path}`
}

function useless(finding: Finding, askedIn: string): Finding {
  const { kind, message, installed } = finding
  if (kind !== 'kernel') {
    const why = 'rebooted for it already, and something else than pacman removes it again'
    return { ...ignore(finding, why), askedIn }
  }
  const asked =
    askedIn === LOST
      ? 'may have been rebooted for already (what was remembered is lost)'
      : `rebooted for kernel ${installed}, and it still holds`
  const advice = `Was /boot mounted when it was upgraded (findmnt /boot), and does the boot loader’s default entry start it (bootctl list, extlinux.conf, boot.ini, cmdline.txt)? It counts again once the package is installed anew: pacman -S ${finding.package}`
  return { ...finding, effect: 'attention', message: `${asked}: ${message}. ${advice}`, askedIn }
}

/** Beside a new reason the old one does not count. */
function setAside(finding: Finding): Finding {
  return finding.effect === 'attention' && finding.askedIn !== undefined
    ? ignore(finding, 'a reboot did not help')
    : finding
}
