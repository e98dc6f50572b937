import { SentinelError } from '../errors.ts'
import { type BootClock, readBootClock } from '../host/boot-clock.ts'
import { readHostName } from '../host/host-name.ts'
import type { Host } from '../host/host.ts'
import type { HistoryEntry, HistoryEvent, HistoryKind } from './fields.ts'
import { boundedJson } from './file.ts'
import { describeEvent, isTrouble, KINDS } from './kinds.ts'
import { isNews, readTold, stateOf, type ToldStates, writeTold } from './news.ts'

/** An administrator's executables that are told what has happened. */
export const NOTIFY_DIRECTORY = '/etc/kured-sentinel/notify.d'

/**
 * One file for each event that waits to be told. Whoever notes an event only writes it: the path unit
 * sees that the directory is not empty, and starts what tells it. In /run, as a full disk is worth
 * telling too.
 */
export const UNTOLD_DIRECTORY = '/run/kured-sentinel/untold'

/** What has been told in this boot. */
const TOLD_FILE = '/run/kured-sentinel/told'

/** Files that may wait: where nobody takes them, no more are written. */
const MOST_WAITING = 100

/** What a program is told, as one line of JSON. */
export interface Notice {
  event: HistoryKind
  /** false: it is well again */
  trouble: boolean
  /** the host's name */
  node: string
  /** in one line, for a person */
  message: string
  details: HistoryEntry
}

/** Leaves an event for the programs in notify.d, if there are any and it is news. It never fails. */
export function leaveUntold(host: Host, event: HistoryEvent): void {
  try {
    if (host.lstat(NOTIFY_DIRECTORY) === undefined || host.list(NOTIFY_DIRECTORY).length === 0) {
      return
    }
    const now = readBootClock(host)
    const { tells, told } = judgeNews(event, readTold(host, TOLD_FILE), now.uptime)
    // Before it counts as told: where this run is cut off between them, it is told twice, and not never.
    if (tells) leave(host, event, now)
    if (told !== undefined) writeTold(host, TOLD_FILE, told)
  } catch {
    // The history has it.
  }
}

/** @throws the system error; or SentinelError where too many wait */
function leave(host: Host, event: HistoryEvent, { wall, bootId, uptime }: BootClock): void {
  host.makeDirectory(UNTOLD_DIRECTORY, 0o700)
  if (host.list(UNTOLD_DIRECTORY).length >= MOST_WAITING) {
    throw new SentinelError(`more than ${MOST_WAITING} events wait to be told`)
  }
  const stamp = { at: new Date(wall).toISOString(), bootId, uptimeMs: uptime }
  const order = String(uptime).padStart(13, '0')
  // Of its own, also in one millisecond: a later event replaces none.
  const name = `${order}-${process.pid}-${process.hrtime.bigint()}.json`
  const notice = toNotice(host, { ...stamp, ...event })
  host.write(`${UNTOLD_DIRECTORY}/${name}`, boundedJson(notice), 0o600)
}

/** An event as a program is told. */
export function toNotice(host: Host, entry: HistoryEntry): Notice {
  return {
    event: entry.kind,
    trouble: isTrouble(entry),
    // Without a static name the kernel's, also where that is a pod's.
    node: readHostName(host) || host.readText('/proc/sys/kernel/hostname').trim(),
    message: describeEvent(entry),
    details: entry,
  }
}

/**
 * Whether an event is told: trouble, once for each state and day; its end; and what its kind says.
 *
 * @param told in this boot so far
 * @returns told, if it changes
 */
export function judgeNews<K extends HistoryKind>(
  event: HistoryEvent<K>,
  told: ToldStates,
  uptimeMs: number,
): { tells: boolean; told?: ToldStates } {
  const kind = KINDS[event.kind]
  const isOfKind = (state: string) => state.startsWith(`${event.kind} `)
  const isWorth = kind.isTold?.(event) ?? isTrouble(event)
  if (!isWorth) {
    // The trouble is over: it is news when it comes back.
    const others = [...told].filter(([state]) => !isOfKind(state))
    if (others.length === told.size) return { tells: false }
    return { tells: kind.tellsEnd === true, told: new Map(others) }
  }
  // All reasons: the words for a person name only the first.
  const reasons = 'reasons' in event ? JSON.stringify(event.reasons) : ''
  const state = `${event.kind} ${stateOf(describeEvent(event) + reasons)}`
  const ofKind = new Map([...told].filter(([one]) => isOfKind(one)))
  if (!isNews(ofKind, state, uptimeMs)) return { tells: false }
  return { tells: true, told: new Map([...told, [state, uptimeMs]]) }
}
