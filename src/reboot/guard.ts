import { basename } from 'node:path'
import { ignore, type Finding } from '../sentinel/finding.ts'

/** A reboot that was asked for: its cause, and the boot in which it was asked for. */
export interface RebootRequest {
  cause: string
  bootId: string
}

/** How the cause of a person's request begins. */
const REQUEST_CAUSE = 'request '

/** Boot ID of requests rebuilt after the file was lost: matches no boot, so they are earlier. */
const LOST = ''

export interface Guarded {
  /** the findings; causes that a reboot did not clear no longer ask for one */
  findings: Finding[]
  /** the requests to store */
  requests: RebootRequest[]
}

/**
 * Does not ask again for a reboot that did not help.
 *
 * A file that pacman replaced in this boot cannot be the cause of an earlier request, and cannot
 * outlast the next boot: no record is needed. Two causes can outlast a boot. A kernel that the boot
 * loader does not start is asked for once for each installation of its package. A deleted file that
 * belongs to no package (count = deleted) is asked for once, until pacman replaces it.
 *
 * Where a person's request alone is left to ask, what was asked for earlier in this boot and is no longer
 * there, as after a restart, is forgotten: a reboot for it would be one for a request that was cancelled.
 *
 * @param findings of a complete look
 * @param remembered the requests so far; undefined when they are lost
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
  const asking = judged.filter(({ effect }) => effect === 'reboot')
  const isPersonsAlone = asking.length > 0 && asking.every(({ kind }) => kind === 'request')
  return {
    findings: asking.length > 0 ? judged.map(setAside) : judged,
    requests: [...requests.values()].filter(
      (one) => !isPersonsAlone || isRequested(one) || isLasting(one),
    ),
  }
}

/** Whether a person asked for it. */
export function isRequested({ cause }: Pick<RebootRequest, 'cause'>): boolean {
  return cause.startsWith(REQUEST_CAUSE)
}

/** Whether a cause can outlast a boot. */
function isLasting({ cause }: Pick<RebootRequest, 'cause'>): boolean {
  return /^(kernel|deleted) /.test(cause)
}

/**
 * The cause of a finding: findings with the same cause are the same reason for a reboot. It has
 * nothing that changes with each boot, such as PIDs, names of scopes and sessions, or inodes of an
 * initramfs: an unchanged cause would look new each time.
 */
function causeOf({ kind, path, byPacman, ...owner }: Finding): string {
  if (kind === 'request') return `${REQUEST_CAUSE}${owner.message}`
  if (kind === 'kernel') return `kernel ${owner.package} ${owner.version} ${owner.installedAt}`
  return byPacman === false ? `deleted ${path}` : `${kind} ${path}`
}

/** A stored cause in a few words: "linux 6.18.45-1", "libcrypto.so.3". */
export function describeCause(cause: string): string {
  const [kind, ...words] = cause.split(' ')
  if (kind === 'kernel' && words.length === 3) return words.slice(0, 2).join(' ')
  const path = words.join(' ')
  return path.startsWith('/') ? basename(path) : cause
}

function useless(finding: Finding, askedIn: string): Finding {
  const { kind, message, installed } = finding
  if (kind !== 'kernel') {
    const why = 'already rebooted for it, and something other than pacman deletes it again'
    return { ...ignore(finding, why), askedIn }
  }
  const asked =
    askedIn === LOST
      ? 'may already have rebooted for this (the record of requests was lost)'
      : `a reboot for kernel ${installed} did not help`
  const remedy = `see that /boot is mounted (findmnt /boot) and the boot loader’s default entry starts this kernel (bootctl list, extlinux.conf, boot.ini, cmdline.txt), then pacman -S ${finding.package}: it counts again only after that`
  return { ...finding, effect: 'attention', message: `${asked}: ${message}`, remedy, askedIn }
}

/** When there is a new reason, old ones do not count. */
function setAside(finding: Finding): Finding {
  return finding.effect === 'attention' && finding.askedIn !== undefined
    ? ignore(finding, 'a reboot did not help')
    : finding
}
