import { errorText } from '../errors.ts'
import { type BootClock, readBootClock } from '../host/boot-clock.ts'
import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { withStateLock } from '../state/store.ts'
import { readBootEnd, writeJournalEntry } from '../systemd/journal.ts'
import { judgeBoot } from './boots.ts'
import type { HistoryEvent, HistoryStamp } from './fields.ts'
import { appendHistory, readHistory } from './file.ts'
import { describeEvent, isTrouble, KINDS } from './kinds.ts'
import { leaveUntold } from './untold.ts'

/** Limit for the journal's answer to how the last boot ended. */
const BOOT_END_MS = 3_000

/**
 * Writes an event to the history and to the journal; before the first event of a boot, the boot
 * itself. It never fails: what is told has happened, whether it can be written or not. The journal
 * has it in any case, and why it is not in the file.
 */
export function noteEvent(host: Host, event: HistoryEvent): void {
  const helped = event.kind === 'reboot-useless' ? 'no' : 'unknown'
  note(host, helped, [event])
}

/**
 * Writes the boot to the history, unless an earlier event has brought it along.
 *
 * @param helped whether it cleared what a reboot was asked for
 */
export function noteBoot(host: Host, helped: HistoryEvent<'boot'>['helped']): void {
  note(host, helped, [])
}

function note(
  given: Host,
  helped: HistoryEvent<'boot'>['helped'],
  events: readonly HistoryEvent[],
): void {
  // Not a Snapshot: another run may have written meanwhile.
  const host = new Host(given.root)
  try {
    const now = readBootClock(host)
    const boot = isNewBoot(host, now) ? [bootEvent(host, helped)] : []
    const written = withStateLock(host, () => {
      const all = isNewBoot(host, now) ? [...boot, ...events] : events
      appendHistory(
        host,
        all.map((event) => ({ ...stampOf(now), ...event })),
      )
      return all
    })
    for (const event of written) tell(host, event)
  } catch (error) {
    for (const event of events) tell(host, event, errorText(error))
  }
}

function isNewBoot(host: Host, { bootId }: BootClock): boolean {
  return readHistory(host).entries.at(-1)?.bootId !== bootId
}

/** Asked before the lock is taken, as the journal may take its time. */
function bootEvent(host: Host, helped: HistoryEvent<'boot'>['helped']): HistoryEvent<'boot'> {
  const { entries } = readHistory(host)
  const previous = entries.at(-1)?.bootId
  const ended =
    previous === undefined || host.root !== ''
      ? 'unknown'
      : readBootEnd(previous, new Deadline(BOOT_END_MS))
  return judgeBoot(entries, ended, helped)
}

function stampOf({ wall, bootId, uptime }: BootClock): HistoryStamp {
  return { at: new Date(wall).toISOString(), bootId, uptimeMs: uptime }
}

/** @param problem why it is not in the history */
function tell(host: Host, event: HistoryEvent, problem?: string): void {
  tellJournal(host, event, problem)
  leaveUntold(host, event)
}

function tellJournal(host: Host, event: HistoryEvent, problem?: string): void {
  if (host.root !== '') return
  const missing = problem === undefined ? '' : ` (not in the history: ${problem})`
  writeJournalEntry({
    MESSAGE: describeEvent(event) + missing,
    MESSAGE_ID: KINDS[event.kind].messageId,
    PRIORITY: isTrouble(event) || problem !== undefined ? '4' : '6',
    // Not the program's own: a unit's log would have each thing twice.
    SYSLOG_IDENTIFIER: 'kured-sentinel-history',
    ...journalFields(event),
  })
}

/** An event's fields as KURED_SENTINEL_WAITED_MS and the like. */
function journalFields(event: HistoryEvent): Record<string, string> {
  const named = Object.entries(event).map(([name, value]) => [
    `KURED_SENTINEL_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`,
    Array.isArray(value) ? value.join('; ') : String(value),
  ])
  return Object.fromEntries(named)
}
