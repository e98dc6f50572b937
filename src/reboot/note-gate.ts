import { callerName } from '../host/caller.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { HistoryEvent } from '../history/fields.ts'
import { readHistory } from '../history/file.ts'
import { noteEvent } from '../history/note.ts'
import { describeCause } from './guard.ts'
import { readRequests } from './requests.ts'

/** What the gate did, for the history. */
export class GateNotes {
  readonly #host: Host
  readonly #patience: Deadline
  readonly #waitedFor: string[] = []

  constructor(host: Host, patience: Deadline) {
    this.#host = host
    this.#patience = patience
  }

  /** It waits, for a new reason. */
  waitedFor(reason: string): void {
    this.#waitedFor.push(reason)
  }

  /** How long, in ms; 0 if nothing kept it: what its looks take on a busy host is no waiting. */
  waitedMs(): number {
    return this.#waitedFor.length === 0 ? 0 : Math.round(this.#patience.elapsed())
  }

  /** Its end; a later one, as when systemd refuses, comes behind it. */
  end(ending: HistoryEvent<'gate'>['ending'], reason: string): void {
    noteEvent(this.#host, {
      kind: 'gate',
      ending,
      reason,
      waitedMs: this.waitedMs(),
      waitedFor: this.#waitedFor,
      by: callerName(),
    })
  }
}

/**
 * For what checks asked for a reboot in this boot: by the history; where a check was cut off before it
 * wrote there, or its line has gone, by the stored causes. Says so if neither has anything.
 */
export function readReasons(host: Host): string {
  try {
    const bootId = host.bootId()
    const asked = readHistory(host).entries.filter((entry) => entry.bootId === bootId)
    const reasons = asked.flatMap((entry) => (entry.kind === 'reboot-asked' ? entry.reasons : []))
    const told = [...new Set(reasons)].join('; ')
    return told || readCauses(host, bootId) || 'no check has asked for it'
  } catch {
    return 'what it is for cannot be read'
  }
}

function readCauses(host: Host, bootId: string): string {
  const causes = readRequests(host).filter((one) => one.bootId === bootId)
  return causes.map(({ cause }) => describeCause(cause)).join('; ')
}
