import type { Config } from '../config/config.ts'
import { durationText } from '../text/duration.ts'
import type { FleetEntry, FleetView } from './read.ts'
import type { FleetRow } from './row.ts'

export type BrakeSettings = Pick<Config, 'fleetBoot' | 'fleetBrake' | 'fleetAtOnce'>

/** Why this host does not go the way of another one. */
export interface Brake {
  /** unseen: nobody can tell. hurt: a host did not come back well. underway: it is not known yet */
  kind: 'unseen' | 'hurt' | 'underway'
  message: string
  /** what ends it, for a person */
  remedy: string
}

const WAIT = 'wait: it passes by itself'

/** A row of the future by more than this has no age, in ms. */
const CLOCK_MS = 120_000

/**
 * What of the fleet speaks against a reboot of one more host. A host counts since its boot only: what
 * was unhealthy before would not be so by a reboot. A state that lasts longer than `brake` counts no
 * more, but a row that cannot be read does until it is forgotten.
 *
 * @param own this host's name, whose own row does not count
 */
export function judgeBrake(
  entries: readonly FleetEntry[],
  own: string,
  settings: BrakeSettings,
): Brake[] {
  const found = entries
    .filter(({ host }) => host !== own)
    .flatMap((entry) => judgeEntry(entry, settings) ?? [])
  const underway = found.filter(({ kind }) => kind === 'underway')
  const others = found.filter(({ kind }) => kind !== 'underway')
  return underway.length < settings.fleetAtOnce ? others : [...others, ...underway]
}

function judgeEntry(
  { host, ageMs, row }: FleetEntry,
  { fleetBoot, fleetBrake }: BrakeSettings,
): Brake | undefined {
  const forget = `kured-sentinel fleet forget ${host}`
  if ('problem' in row) {
    const message = `${host} cannot be seen: ${row.problem}`
    return { kind: 'unseen', message, remedy: `mend it, or ${forget}` }
  }
  const state = stateOf(row)
  if (state === undefined) return undefined
  if (ageMs < -CLOCK_MS) {
    const message = `${host} has a row of the future: its age is not known`
    return { kind: 'unseen', message, remedy: `set the clock of the server, or ${forget}` }
  }
  const age = Math.max(0, ageMs)
  // A row is written anew each night, so what has lasted is counted from the boot.
  const lasted = state === 'down' ? age : row.uptimeMs + age
  if (lasted >= fleetBrake) return undefined
  if (state === 'down') {
    if (age < fleetBoot) {
      return { kind: 'underway', message: `waits for ${host}: it is rebooting`, remedy: WAIT }
    }
    const since = durationText(age)
    const message = `waits for ${host}: went down for its reboot ${since} ago, and was not heard of since`
    return { kind: 'hurt', message, remedy: `bring ${host} back, or ${forget}` }
  }
  const reasons = (row.health?.reasons ?? []).join('; ')
  if (state === 'unhealthy') {
    const message = `waits for ${host}: unhealthy since its reboot: ${reasons}`
    const remedy = `mend ${host}, or say there that it is well: kured-sentinel health --accept`
    return { kind: 'hurt', message, remedy }
  }
  const why = reasons === '' ? '' : `: ${reasons}`
  return {
    kind: 'underway',
    message: `waits for ${host}: not known yet whether it is well since its reboot${why}`,
    remedy: WAIT,
  }
}

function stateOf({ phase, health }: FleetRow): 'down' | 'unhealthy' | 'pending' | undefined {
  if (phase === 'going-down') return 'down'
  if (health?.sinceBoot !== true) return undefined
  return health.verdict === 'unhealthy' || health.verdict === 'pending' ? health.verdict : undefined
}

/** Who looks at the fleet. */
export interface Looker {
  /** fleetName() */
  own: string
  /** machineDigest() */
  machine: string
  isRoot: boolean
}

/**
 * Why the fleet that was seen may not be the whole one: this host's own row must be in it. An export
 * whose disk is missing is an empty directory. And without the server's time no age is known.
 */
export function doubtView(
  { entries, clock }: FleetView & { state: 'seen' },
  { own, machine, isRoot }: Looker,
): string | undefined {
  if (isRoot && clock === 'own') {
    return 'root of this host may not write to the fleet directory, so how old a row is cannot be seen'
  }
  const row = entries.find(({ host }) => host === own)?.row
  if (row === undefined) {
    return `the fleet directory has no row of this host, ${own}: kured-sentinel fleet report`
  }
  if ('problem' in row) return `${own}, this host, cannot be seen: ${row.problem}`
  if (row.machine === machine) return undefined
  return `another machine calls itself ${own}, too: hostnamectl set-hostname NAME on one of them`
}
