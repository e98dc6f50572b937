import { dirname } from 'node:path'
import { ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'

/** What has been told in this boot: for each state, at which uptime, in ms. */
export type ToldStates = ReadonlyMap<string, number>

/** A state that lasts is told again after this time. */
const AGAIN_MS = 86_400_000
/** New states that are told in this time: reasons that somebody else words, as by a file's name, have no end. */
const MOST_NEW = 20
/** States that are kept, the newest: those of all kinds. */
const MOST = 400

const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g
/** A number, or a duration: "45s", "2h 3min". */
const NUMBERS = /\b\d+(?:ms|s|min|h|d)?\b(?: \d+(?:ms|s|min|h|d)\b)*/g

/** The same state in other words of each minute: PIDs, durations and counts do not count. */
export function stateOf(text: string): string {
  return text.replace(TIME, '#').replace(NUMBERS, '#')
}

/**
 * Whether a state has not been told for a day, or not in this boot. After twenty others in a day, none is.
 *
 * @param told the states among which it is one, as of one kind
 */
export function isNews(told: ToldStates, state: string, uptimeMs: number): boolean {
  const isFresh = (at: number) => at <= uptimeMs && uptimeMs - at < AGAIN_MS
  const at = told.get(state)
  if (at !== undefined && isFresh(at)) return false
  return [...told.values()].filter(isFresh).length < MOST_NEW
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
