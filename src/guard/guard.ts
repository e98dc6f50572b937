import { ignore, type Finding } from '../sentinel/finding.ts'
import { transactionBetween, type Packages } from './packages.ts'

/** A reboot that was asked for: because of what, in which boot, and what was installed then. */
export interface Asked {
  cause: string
  bootId: string
  packages: Packages
}

/** The boot that is named where what was remembered is lost: none, so surely an earlier one. */
const LOST = ''

/**
 * How often a reboot may be asked for, each time because of something new, before pacman has changed
 * anything: a program below /opt that unlinks what it has unpacked under a random name looks new
 * after each boot.
 */
const MOST_BOOTS = 3

export interface Guarded {
  /** what was found, with the reasons that a reboot did not clear no longer asking for one */
  findings: Finding[]
  /** what to remember, should a reboot be asked for now */
  asked: Asked[]
}

/**
 * Keeps a reboot that did not help from being asked for again. A reason counts unless a reboot was
 * asked for because of it in an earlier boot, and pacman has changed nothing since: what it needs
 * then is no reboot. Nor does it where three boots have passed like that. Boots are told apart by
 * their ID, never by a clock.
 *
 * @param findings of a complete look
 */
export function decideGuard(
  findings: readonly Finding[],
  now: { bootId: string; packages: Packages },
  remembered: readonly Asked[],
): Guarded {
  const known = new Map(remembered.map((asked) => [asked.cause, asked]))
  const asked = new Map(remembered.filter(stillTells).map((one) => [one.cause, one]))
  const earlierBoots = new Set(remembered.filter(stillTells).map(({ bootId }) => bootId))
  earlierBoots.delete(now.bootId)
  const judged = findings.map((finding) => {
    if (finding.effect !== 'reboot') return finding
    const cause = causeOf(finding)
    const earlier = known.get(cause)
    if (earlier !== undefined && stillTells(earlier) && earlier.bootId !== now.bootId) {
      return useless(finding, earlier.bootId, whyUseless(finding, earlier.bootId))
    }
    if (earlierBoots.size >= MOST_BOOTS) {
      const why = `rebooted ${MOST_BOOTS} times since pacman’s last transaction, and there is something new`
      return useless(finding, [...earlierBoots].at(-1) ?? LOST, why)
    }
    asked.set(cause, { cause, ...now })
    return earlier?.bootId === now.bootId ? { ...finding, askedIn: now.bootId } : finding
  })
  const anew = judged.some(({ effect }) => effect === 'reboot')
  return { findings: anew ? judged.map(setAside) : judged, asked: [...asked.values()] }

  function stillTells({ packages }: Asked): boolean {
    return !transactionBetween(packages, now.packages)
  }
}

/** Whatever is due now may have been asked for before: for when what was remembered is lost. */
export function assumeAsked(findings: readonly Finding[], packages: Packages): Asked[] {
  const causes = findings.filter(({ effect }) => effect === 'reboot').map(causeOf)
  return [...new Set(causes)].map((cause) => ({ cause, bootId: LOST, packages }))
}

/**
 * What makes two findings the same reason for a reboot: for a kernel the one that should run; for
 * stale code the path alone. PIDs change with each boot, and so do the names of scopes and
 * sessions, and the inodes of an initramfs: with any of them in it, an unchanged cause could look
 * like a new one each time. And no process can run an outdated file after a reboot unless the file
 * was replaced since, for which pacman needs a transaction.
 */
function causeOf({ kind, installed, path }: Finding): string {
  return kind === 'kernel' ? `kernel ${installed}` : `file ${path}`
}

function useless(finding: Finding, askedIn: string, why: string): Finding {
  const message = `${why}: ${finding.message}. ${whereToLook(finding)} It counts again after the next pacman transaction`
  return { ...finding, effect: 'attention', message, askedIn }
}

function whyUseless({ kind, installed, path }: Finding, bootId: string): string {
  if (bootId === LOST) return 'may have been rebooted for already (what was remembered is lost)'
  return `rebooted for ${kind === 'kernel' ? `kernel ${installed}` : path}, and it still holds`
}

function whereToLook({ kind }: Finding): string {
  return kind === 'kernel'
    ? 'Was /boot mounted when it was upgraded (findmnt /boot), and does the boot loader’s default entry start it (bootctl list, extlinux.conf, boot.ini, cmdline.txt)?'
    : 'Something other than pacman replaces or removes the file after the boot (ignore-path takes it out).'
}

/** Beside a new reason the old one does not count. */
function setAside(finding: Finding): Finding {
  return finding.effect === 'attention' && finding.askedIn !== undefined
    ? ignore(finding, 'a reboot did not help')
    : finding
}
