import { readBootClock } from '../host/boot-clock.ts'
import type { Host } from '../host/host.ts'
import { isNews, readTold, stateOf, writeTold } from '../history/news.ts'
import { noteEvent } from '../history/note.ts'

/** What was written in this boot: such a check comes each minute. */
const NOTED_FILE = '/run/kured-sentinel/attention'

/**
 * Writes to the history why a check answers 2: each reason once, and again after a day.
 *
 * @throws the system error when it cannot be remembered; then nothing is written
 */
export function noteAttention(host: Host, reasons: readonly string[]): void {
  const { uptime } = readBootClock(host)
  const noted = readTold(host, NOTED_FILE)
  const states = reasons.map(stateOf)
  if (!states.some((state) => isNews(noted, state, uptime))) return
  const now = states.map((state) => [state, uptime] as const)
  writeTold(host, NOTED_FILE, new Map([...noted, ...now]))
  noteEvent(host, { kind: 'attention', reasons: [...reasons] })
}
