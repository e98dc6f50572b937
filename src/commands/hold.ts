import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { Exit, SentinelError } from '../errors.ts'
import { callerName, mustBeRoot } from '../host/caller.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { type BootClock, readBootClock } from '../host/boot-clock.ts'
import { noteEvent } from '../history/note.ts'
import { activeHold, removeHold, setHold } from '../reboot/hold-state.ts'
import { type Hold, LONGEST_MS, newHold, remaining } from '../reboot/hold.ts'
import { durationText } from '../text/duration.ts'
import { momentToCome } from '../text/moment.ts'
import { printableLines } from '../text/printable.ts'

interface HoldRequest {
  json: true | undefined
  root: string | undefined
  /** in ms */
  lengthMs?: number | undefined
  /** its end as a person writes it, in place of its length; see momentToCome() */
  until?: string | undefined
  reason?: string | undefined
}

/** `hold`: sets a hold, in place of an earlier one, or shows it. Its exit code is 0. */
export function hold({ json, root, lengthMs: asked, until, reason }: HoldRequest): Answer<'hold'> {
  const host = new Host(root)
  const now = readBootClock(host)
  const lengthMs = until === undefined ? asked : momentToCome(until, now.wall) - now.wall
  if (lengthMs === undefined && reason === undefined) {
    return show(json, activeHold(host, now), now)
  }
  if (lengthMs === undefined) {
    throw new SentinelError(
      'a hold needs an end: say how long it lasts, as in --for 4h, or --until 18:00',
    )
  }
  if (lengthMs > LONGEST_MS) {
    throw new SentinelError(
      `a hold lasts ${durationText(LONGEST_MS)} at most: set it again if you need it longer`,
    )
  }
  if (reason === undefined || reason.trim() === '') {
    throw new SentinelError('say what the hold is for, as in --reason "replacing the disk"')
  }
  if (root === undefined) mustBeRoot('a hold')
  const made = newHold(reason.trim(), lengthMs, now)
  setHold(host, made)
  const end = new Date(made.until).toISOString()
  noteEvent(host, { kind: 'hold', reason: made.reason, until: end, by: callerName() })
  return show(json, made, now)
}

/** `release`: ends the hold, even an unreadable one. Its exit code is 0, even if there was none. */
export function release({ json, root }: Pick<HoldRequest, 'json' | 'root'>): Answer<'release'> {
  if (root === undefined) mustBeRoot('a release')
  const host = new Host(root)
  const released = removeHold(host)
  if (released) noteEvent(host, { kind: 'release', by: callerName() })
  const text = released ? 'released: reboots are possible again\n' : 'there was no hold\n'
  if (!json) write(1, text)
  const verdict = released ? 'released' : 'none'
  return { verdict, exitCode: Exit.ok, findings: [], details: { released } }
}

function show(json: true | undefined, set: Hold | undefined, now: BootClock): Answer<'hold'> {
  const left = set === undefined ? 0 : remaining(set, now)
  const until = new Date(now.wall + left).toISOString()
  const shown: ShownHold | undefined = set && { reason: set.reason, leftMs: left, until }
  if (!json) write(1, renderHold(shown))
  return {
    verdict: shown === undefined ? 'none' : 'held',
    exitCode: Exit.ok,
    findings: shown === undefined ? [] : [plainFinding('waiting', 'hold', shown.reason)],
    details: { hold: shown ?? null },
  }
}

interface ShownHold {
  reason: string
  leftMs: number
  /** by the host's clock, ISO 8601 */
  until: string
}

/** A hold in one line. */
function renderHold(shown: ShownHold | undefined): string {
  if (shown === undefined) return 'no hold\n'
  const { reason, leftMs, until } = shown
  return printableLines([`held for ${durationText(leftMs)} more, until ${until}: ${reason}`])
}
