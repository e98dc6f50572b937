import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'

/** What has been told in this boot: for each state, at which uptime, in ms. */
export type ToldStates = ReadonlyMap<string, number>

/** A state that lasts is told again after this time. */
const AGAIN_MS = 86_400_000
/** So often is something new told in this time: reasons that somebody else words, as another host, have no end. */
const MOST_NEW = 20
/** States that are kept, the newest: those of all kinds. */
const MOST = 400
/** A state's text, in characters; behind it comes a digest of the whole. */
const LONGEST = 300

const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g
/** A number, or a duration: "45s", "2h 3min". */
const NUMBERS = /\b\d+(?:ms|s|min|h|d)?\b(?: \d+(?:ms|s|min|h|d)\b)*/g

/** The same state in other words of each minute: PIDs, durations and counts do not count. */
export function stateOf(text: string): string {
  const state = text.replace(TIME, '#').replace(NUMBERS, '#')
  if (state.length <= LONGEST) return state
  return `${state.slice(0, LONGEST)} ${createHash('sha256').update(state).digest('hex')}`
}

/**
 * Whether a state has not been told for a day, or not in this boot. After twenty tellings in a day, none is.
 *
 * @param told the states among which it is one, as of one kind
 */
export function isNews(told: ToldStates, state: string, uptimeMs: number): boolean {
  const isFresh = (at: number) => at <= uptimeMs && uptimeMs - at < AGAIN_MS
  const at = told.get(state)
  if (at !== undefined && isFresh(at)) return false
  return new Set([...told.values()].filter(isFresh)).size < MOST_NEW
}

/** Reads what has been told; nothing, where the file is lost or damaged. Throws the system error. */
export function readTold(host: Host, file: string): ToldStates {
  const text = ifThere(() => host.readText(file)) ?? '{}'
  try {
    const states: unknown = JSON.parse(text)
    if (typeof states !== 'object' || states === null) return new Map()
    const times = Object.entries(states).map(([state, at]) => [state, Number(at)] as const)
    return new Map(times.filter(([, at]) => Number.isFinite(at)))
  } catch {
    return new Map()
  }
}

/** Writes what has been told. Throws the system error: then nothing may be told, or it would be each time. */
export function writeTold(host: Host, file: string, told: ToldStates): void {
  const newest = [...told].toSorted(([, one], [, other]) => other - one).slice(0, MOST)
  host.makeDirectory(dirname(file))
  host.write(file, JSON.stringify(Object.fromEntries(newest)))
}
