import type { Config } from '../config/config.ts'
import { matching, runsPacman, whyDenied } from './denylist.ts'
import { isBelow } from './stale-process.ts'
import type { UnitProcess } from '../proc/process.ts'
import type { UnitState } from '../systemd/unit.ts'

/** Why a unit or process is not restarted, and what clears its old code instead. */
export interface Refusal {
  why: string
  clears: 'logout' | 'reboot' | 'end'
}

const untilReboot = (why: string): Refusal => ({ why, clears: 'reboot' })

/** Why no unit can be restarted for this process: it belongs to none of the system's services. */
export function refuseProcess({ unit, userSlice }: UnitProcess): Refusal | undefined {
  // Users choose the names of everything below their own slice.
  if (userSlice) {
    const session = unit?.endsWith('.scope') === true && unit !== 'init.scope'
    const why = session ? 'a login session' : "a user's own manager, or a unit of it"
    return { why, clears: 'logout' }
  }
  if (unit === undefined) return untilReboot('it belongs to no unit')
  if (!unit.endsWith('.service')) {
    return untilReboot('a scope: systemd did not start its processes, and cannot start them again')
  }
  // The characters of unit names, without those of patterns. [systemd.unit(5)]
  if (!/^[A-Za-z0-9:_.\\@-]+$/.test(unit)) return untilReboot('not a valid unit name')
  return undefined
}

/** Why this unit is not restarted for these processes now; undefined when it can be. */
export function refuseUnit(
  unit: UnitState,
  processes: readonly UnitProcess[],
  own: UnitState | undefined,
  config: Config,
): Refusal | undefined {
  if (!unit.loaded || !processes.every((process) => isBelow(process, unit.controlGroup))) {
    return untilReboot('systemd does not know these processes as part of that unit')
  }
  const never = refuseAlways(unit, own, config)
  if (never !== undefined) return never
  if (unit.activeState === 'inactive' || unit.activeState === 'failed') {
    return untilReboot('it has stopped and left these processes behind')
  }
  if (unit.activeState === 'deactivating') return { why: 'it is being stopped', clears: 'end' }
  if (unit.hasJob) return { why: 'systemd is about to start or stop it', clears: 'end' }
  // Its start would wait for our own unit's job, which ends only after this command.
  if (own?.hasJob === true && unit.after.some((name) => own.names.includes(name))) {
    return untilReboot(`it starts only after ${own.name}, in which this command runs`)
  }
  const leavesRest = unit.killMode === 'process' || unit.killMode === 'none'
  if (leavesRest && !processes.some(({ pid }) => pid === unit.mainPid)) {
    return untilReboot(`KillMode=${unit.killMode}: a restart would not stop these processes`)
  }
  return undefined
}

/** Why a unit that these sockets and timers start is not restarted; undefined when it can be. */
export function refuseTriggered(triggers: readonly UnitState[]): Refusal | undefined {
  // It could not come back: it gets its connection only once. [systemd.socket(5), Accept=]
  if (!triggers.some(({ accepts }) => accepts)) return undefined
  return { why: 'it serves one connection, which would be cut', clears: 'end' }
}

/** Reasons that apply at any time, also when systemd would restart the unit with another. */
function refuseAlways(
  unit: UnitState,
  own: UnitState | undefined,
  { restartNever, restartAllow }: Config,
): Refusal | undefined {
  if (own?.name === unit.name) return untilReboot('this command runs in it')
  if (runsPacman(unit.names)) return untilReboot('it runs pacman')
  if (unit.refusesRestart) return untilReboot('RefuseManualStop= or RefuseManualStart= is set')
  const never = matching(restartNever, unit.names)
  if (never !== undefined) return untilReboot(`never = ${never}`)
  if (matching(restartAllow, unit.names) !== undefined) return undefined
  const why = whyDenied(unit.names)
  if (why !== undefined) return untilReboot(why)
  if (unit.type === 'oneshot') return untilReboot('a oneshot: its job would run again')
  return undefined
}

/** Units that a restart only starts again; a restart of other kinds takes something away. */
const HARMLESS = /\.(service|socket|target|timer|path)$/

/** Why a unit must not be restarted together with another; undefined when it can be. */
export function refuseAlong(
  unit: UnitState,
  own: UnitState | undefined,
  config: Config,
): Refusal | undefined {
  const refusal = HARMLESS.test(unit.name)
    ? refuseAlways(unit, own, config)
    : untilReboot('it would be stopped')
  return refusal && untilReboot(`${unit.name} would be restarted with it: ${refusal.why}`)
}
