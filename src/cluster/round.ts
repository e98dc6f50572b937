import { kuredOption, type KuredContainer } from '../kubernetes/kured.ts'
import { readTurns } from '../kubernetes/kured-settings.ts'
import { parseGoDuration } from '../text/duration.ts'

/** How long it takes until each node was rebooted once. */
export interface Round {
  nodes: number
  /** of a day, in which reboots may begin */
  windowMinutes: number
  /** of one node, from its lock to the next one's */
  nodeMinutes: number
  /** in windows, which are days with a reboot */
  nights: number
}

/** Drain, gate and boot of a usual node. [facts: Kured 1.23 on booted nodes] */
export const TURN_MS = 7 * 60_000
const DAY_MS = 86_400_000
/** More is not worth counting. */
const MOST_NIGHTS = 60

/** @returns undefined where Kured's times cannot be read */
export function planRound(kured: KuredContainer, nodes: number): Round | undefined {
  const turns = readTurns(kured)
  const window = windowOf(kured)
  if (turns === undefined || window === undefined || turns.period === 0) return undefined
  const delay = parseGoDuration(valueOf(kured, 'reboot-delay', '0')) ?? 0
  const each = TURN_MS + turns.lockReleaseDelay + delay
  const lanes = Math.max(1, Number(valueOf(kured, 'concurrency', '1')) || 1)
  const nights = nightsOf(Math.ceil(nodes / lanes), each, turns.period, window)
  return { nodes, windowMinutes: window / 60_000, nodeMinutes: each / 60_000, nights }
}

/**
 * How many windows it takes until each of the nodes had its turn of `each` ms, all times in ms.
 *
 * Who asks while another node has its turn asks again a period later. With `left` nodes that ask at
 * moments of their own, the next one comes period / (left + 1) after a turn's end on average.
 */
export function nightsOf(nodes: number, each: number, period: number, window: number): number {
  let left = nodes
  for (let night = 1; night < MOST_NIGHTS; night += 1) {
    for (let at = 0; at < window && left > 0; left -= 1) at += each + period / (left + 1)
    if (left === 0) return night
  }
  return MOST_NIGHTS
}

/** How long the window of a day is. Its days count as nights, so they do not matter here. */
function windowOf(kured: KuredContainer): number | undefined {
  const start = timeOf(valueOf(kured, 'start-time', '0:00'))
  const end = timeOf(valueOf(kured, 'end-time', '23:59:59'))
  if (start === undefined || end === undefined) return undefined
  return end > start ? end - start : end - start + DAY_MS
}

function valueOf(kured: KuredContainer, name: string, otherwise: string): string {
  const option = kuredOption(kured, name)
  return ('value' in option && option.value) || otherwise
}

/** "02:00", "2:00", "23:59:59", "2am", "2:30pm", in ms since midnight. [Kured, pkg/timewindow] */
function timeOf(text: string): number | undefined {
  const [, hour, minute = '0', second = '0', half] =
    /^(\d{1,2})(?::(\d\d))?(?::(\d\d))?\s*(am|pm)?$/i.exec(text) ?? []
  if (hour === undefined) return undefined
  const hours =
    half === undefined ? Number(hour) : (Number(hour) % 12) + (/pm/i.test(half) ? 12 : 0)
  return ((hours * 60 + Number(minute)) * 60 + Number(second)) * 1000
}
