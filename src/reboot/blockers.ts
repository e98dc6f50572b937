import type { Config } from '../config/config.ts'
import { errorText } from '../errors.ts'
import { activeHold } from './hold-state.ts'
import { holdText } from './hold.ts'
import { readRequests } from './requests.ts'
import { readBootClock, type BootClock } from '../host/boot-clock.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { databasePath, readHostConf } from '../pacman/conf/conf.ts'
import {
  describeLock,
  readLock,
  readLockState,
  STALE_LOCK_ADVICE,
  type LockState,
} from '../pacman/lock.ts'
import { showUnits, type Properties } from '../systemd/systemctl.ts'
import { UNITS } from '../systemd/jobs.ts'

/** Whether the host can go down now: yes; not yet; not in the near future; or a person must look. */
export type RebootAnswer = 'go' | 'wait' | 'not-now' | 'attention'

export interface RebootDecision {
  answer: RebootAnswer
  /** why not, for a person; '' for "go" */
  reason: string
}

/** All that the outlook rests on. */
export interface BlockerEvidence {
  /** what a person said against a reboot, or why that cannot be read */
  hold: { answer: 'not-now' | 'attention'; reason: string } | undefined
  /** whether the check asked for a reboot in this boot; undefined where that does not matter */
  asked: boolean | undefined
  lock: LockState | undefined
  /** the upgrade units that are at work, with their state */
  busyUnits: string[]
}

/** What waiting does not mend goes first; then all that is to be waited for. */
export function judgeBlockers({ hold, asked, lock, busyUnits }: BlockerEvidence): RebootDecision {
  if (asked === false) {
    const reason =
      'in this boot no check has asked Kured for a reboot. This command is Kured’s rebootCommand; its rebootSentinelCommand is `kured-sentinel` alone (or, where another program asks: only-asked = no)'
    return { answer: 'attention', reason }
  }
  if (hold !== undefined) return hold
  if (lock?.state === 'stale') {
    const reason = `${describeLock(lock)}. To do: ${STALE_LOCK_ADVICE}`
    return { answer: 'attention', reason }
  }
  const busy = [...(lock === undefined ? [] : [describeLock(lock)]), ...busyUnits]
  return busy.length === 0
    ? { answer: 'go', reason: '' }
    : { answer: 'wait', reason: busy.join('; ') }
}

/**
 * Looks at what speaks against a reboot. The lock comes last, as it can change fastest.
 *
 * @param byKured whether Kured has it called, after a check that asked for it
 * @throws SentinelError, or the system error, of what cannot be read
 */
export function collectBlockers(host: Host, config: Config, byKured: boolean): BlockerEvidence {
  const now = readBootClock(host)
  const checksAsked = byKured && config.rebootAsked
  const asked = checksAsked
    ? readRequests(host).some(({ bootId }) => bootId === now.bootId)
    : undefined
  const hold = readHoldOn(host, now)
  const busyUnits = listBusyUnits()
  const lock = readLock(host, databasePath(readHostConf(host)))
  return {
    hold,
    asked,
    lock: lock && readLockState(host, lock, config.staleLockAge, new Deadline(config.timeout)),
    busyUnits,
  }
}

function readHoldOn(host: Host, now: BootClock): BlockerEvidence['hold'] {
  try {
    const hold = activeHold(host, now)
    if (hold === undefined) return undefined
    return { answer: 'not-now', reason: holdText(hold, now) }
  } catch (error) {
    return { answer: 'attention', reason: `there is a hold, and ${errorText(error)}` }
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
 * A oneshot is "activating" while it runs, and "deactivating" in ExecStopPost; but also while a
 * failed download only waits for its next try, which a pending reboot skips. [systemd.service(5)]
 */
export function isUpgradeRunning(state: Properties): boolean {
  const active = state.get('ActiveState')
  const sub = state.get('SubState')
  if (sub === 'exited' || sub === 'auto-restart') return false
  return active !== 'inactive' && active !== 'failed'
}
