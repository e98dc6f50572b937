import type { UnitState } from '../systemd/unit.ts'

/** An interval that outlasts a day of upgrades: systemd prints 10 s as "10s". */
const LONG = /min|h|d|w|month|y|infinity/

/**
 * What a restart of the unit brings along, for a person.
 *
 * @param complaint why its start limit could not be reset; '' when it was, or is yet to be
 */
export function notesOn({ startLimit, runtimeDirectories }: UnitState, complaint = ''): string[] {
  const { burst, interval } = startLimit
  const outcome = complaint === '' ? 'begins anew' : `goes on: ${complaint}`
  const limit = LONG.test(interval) && `its start limit of ${burst} in ${interval} ${outcome}`
  const anew = runtimeDirectories.map(
    (name) => `/run/${name} is made anew, and a container that mounts it keeps the removed one`,
  )
  return [...(limit === false ? [] : [limit]), ...anew]
}
