import type { Config } from '../config/config.ts'
import { errorText } from '../errors.ts'
import { activeHold } from './hold-state.ts'
import { isRequested } from './guard.ts'
import { holdText } from './hold.ts'
import { readRequests } from './requests.ts'
import { collectDangers } from './dangers.ts'
import { readBootClock, type BootClock } from '../host/boot-clock.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { spoken } from '../sentinel/finding.ts'
import { databasePath, readHostConf } from '../pacman/conf/conf.ts'
import {
  describeLock,
  readLock,
  readLockState,
  STALE_LOCK_ADVICE,
  type LockState,
} from '../pacman/lock.ts'
import { readPersonsRequest } from '../sentinel/request-file.ts'
import { showUnits, type Properties } from '../systemd/systemctl.ts'
import { UNITS } from '../systemd/jobs.ts'

/** Whether the host can reboot: now; after a wait; not for some time; or a person must look. */
export type RebootAnswer = 'go' | 'wait' | 'not-now' | 'attention'

export interface RebootDecision {
  answer: RebootAnswer
  /** why not, for people; '' for "go" */
  reason: string
}

/** cancelled: only for a person's request, which is no longer there. */
type Asked = 'yes' | 'no' | 'cancelled'

/** The evidence for the decision. */
export interface BlockerEvidence {
  /** the active hold, or why it cannot be read */
  hold: { answer: 'not-now' | 'attention'; reason: string } | undefined
  /** whether a check asked for a reboot in this boot; undefined when that does not matter */
  asked: Asked | undefined
  lock: LockState | undefined
  /** what would make the reboot useless or fatal, each in one line */
  dangers: string[]
  /** the running upgrade units, with their states */
  busyUnits: string[]
}

/** Blockers that need a person or time come first, then those that end by themselves, and dangers. */
export function judgeBlockers({
  hold,
  asked,
  lock,
  dangers,
  busyUnits,
}: BlockerEvidence): RebootDecision {
  if (asked === 'no') {
    const reason =
      'no check has asked Kured for a reboot in this boot. This command is for Kured’s rebootCommand; rebootSentinelCommand must be `kured-sentinel` alone (if another program asks for reboots, set only-asked = no)'
    return { answer: 'attention', reason }
  }
  if (asked === 'cancelled') return { answer: 'not-now', reason: 'its request was cancelled' }
  if (hold !== undefined) return hold
  if (lock?.state === 'stale') {
    const reason = `${describeLock(lock)}. To do: ${STALE_LOCK_ADVICE}`
    return { answer: 'attention', reason }
  }
  const busy = [...(lock === undefined ? [] : [describeLock(lock)]), ...busyUnits]
  if (busy.length > 0) return { answer: 'wait', reason: busy.join('; ') }
  // While pacman is at work, nothing is whole: so these come last.
  if (dangers.length > 0) return { answer: 'attention', reason: dangers.join('; ') }
  return { answer: 'go', reason: '' }
}

/**
 * Collects what blocks a reboot. The lock comes last, because it changes fastest.
 *
 * @param byKured whether Kured runs this command: a check must then have asked for the reboot
 * @throws SentinelError, or the system error, when something cannot be read
 */
export function collectBlockers(host: Host, config: Config, byKured: boolean): BlockerEvidence {
  const now = readBootClock(host)
  const asked = byKured && config.rebootAsked ? readAsked(host, now) : undefined
  const hold = readHoldOn(host, now)
  const busyUnits = listBusyUnits()
  const dbPath = databasePath(readHostConf(host))
  const before = readLock(host, dbPath)
  const isIdle = before === undefined && busyUnits.length === 0
  const found = isIdle ? collectDangers(host, new Deadline(config.timeout)) : []
  const lock = readLock(host, dbPath) ?? before
  return {
    dangers: found.map(spoken),
    hold,
    asked,
    lock: lock && readLockState(host, lock, config.staleLockAge, new Deadline(config.timeout)),
    busyUnits,
  }
}

function readAsked(host: Host, { bootId }: BootClock): Asked {
  const causes = readRequests(host).filter((one) => one.bootId === bootId)
  if (causes.length === 0) return 'no'
  if (!causes.every(isRequested)) return 'yes'
  // Cancelled during the drain, which no check sees.
  return readPersonsRequest(host)?.bootId === bootId ? 'yes' : 'cancelled'
}

function readHoldOn(host: Host, now: BootClock): BlockerEvidence['hold'] {
  try {
    const hold = activeHold(host, now)
    if (hold === undefined) return undefined
    return { answer: 'not-now', reason: holdText(hold, now) }
  } catch (error) {
    return { answer: 'attention', reason: `a hold exists, but ${errorText(error)}` }
  }
}

const SYSTEMD_MS = 20_000

function listBusyUnits(): string[] {
  const shown = showUnits(Object.values(UNITS), ['ActiveState', 'SubState'], SYSTEMD_MS)
  return [...shown]
    .filter(([, state]) => isUpgradeRunning(state))
    .map(([unit, state]) => {
      return `${unit} is ${state.get('ActiveState')}`
    })
}

/**
 * Whether an upgrade unit runs. A oneshot is "activating" while it runs and "deactivating" in
 * ExecStopPost=. A failed download that waits for its next try ("auto-restart") is "activating"
 * too, but does not count: a pending reboot skips it. [systemd.service(5)]
 */
export function isUpgradeRunning(state: Properties): boolean {
  const active = state.get('ActiveState')
  const sub = state.get('SubState')
  if (sub === 'exited' || sub === 'auto-restart') return false
  return active !== 'inactive' && active !== 'failed'
}
