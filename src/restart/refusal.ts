import type { Config } from '../config/config.ts'
import type { Upgrade } from '../pacman/log/upgrades.ts'
import { errorText } from '../errors.ts'
import { isBelow } from '../proc/cgroup.ts'
import type { Occupant } from '../proc/occupants.ts'
import { whyCarries } from './carrier.ts'
import { matching, runsPacman, whyDenied, whyOccupied } from './denylist.ts'
import { whyMigration } from './migration.ts'
import type { UnitProcess } from '../proc/process.ts'
import type { UnitState } from '../systemd/unit.ts'

/** Why a unit or process is not restarted, and what clears its old code instead. */
export interface Refusal {
  why: string
  clears: 'logout' | 'reboot' | 'end'
}

/** What units are held against. */
export interface RestartRules {
  config: Config
  /** the unit in which this command runs */
  own: UnitState | undefined
  /** the processes in a unit, which a restart would end; throws when they cannot be seen */
  occupants: (unit: UnitState) => Occupant[]
  /** packages' changes of version since an uptime in seconds; throws when they cannot be seen */
  upgrades: (isMeant: (name: string) => boolean, since: number) => Upgrade[]
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

/** refuseUnit() for a unit, and for all that systemd would restart with it. */
export function refuseWhole(
  unit: UnitState,
  processes: readonly UnitProcess[],
  along: readonly UnitState[],
  rules: RestartRules,
): Refusal | undefined {
  return (
    refuseUnit(unit, processes, rules) ??
    along.map((other) => refuseAlong(other, rules)).find((reason) => reason !== undefined)
  )
}

/** Why this unit is not restarted for these processes now; undefined when it can be. */
export function refuseUnit(
  unit: UnitState,
  processes: readonly UnitProcess[],
  rules: RestartRules,
): Refusal | undefined {
  const { own } = rules
  if (!processes.every(({ cgroups }) => isBelow(cgroups, unit.controlGroup))) {
    return untilReboot('systemd does not know these processes as part of that unit')
  }
  if (unit.loadState !== 'loaded') return untilReboot(whyNotLoaded(unit))
  const never = refuseAlways(unit, rules)
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
  if (unit.killMode === 'process' && !processes.some(({ pid }) => pid === unit.mainPid)) {
    return untilReboot('KillMode=process: a restart would not stop these processes')
  }
  return undefined
}

/** Why systemd could not start a unit again. [systemctl(1), LOAD states] */
function whyNotLoaded({ name, loadState }: UnitState): string {
  if (loadState === 'not-found') {
    return `${name} has no file any more: what renamed or removed it left its processes`
  }
  if (loadState === 'masked') return 'it is masked, and could not be started again'
  return `systemd cannot read its file (${loadState}): see systemctl status ${name}`
}

/** Why a unit that these sockets and timers start is not restarted; undefined when it can be. */
export function refuseTriggered(triggers: readonly UnitState[]): Refusal | undefined {
  // It could not come back: it gets its connection only once. [systemd.socket(5), Accept=]
  if (!triggers.some(({ accepts }) => accepts)) return undefined
  return { why: 'it serves one connection, which would be cut', clears: 'end' }
}

/** Reasons that apply at any time, also when systemd would restart the unit with another. */
function refuseAlways(unit: UnitState, rules: RestartRules): Refusal | undefined {
  const { own, config } = rules
  if (own?.name === unit.name) return untilReboot('this command runs in it')
  if (runsPacman(unit.names)) return untilReboot('it runs pacman')
  if (unit.refusesRestart) return untilReboot('RefuseManualStop= or RefuseManualStart= is set')
  // systemd only forgets its processes, and starts a second instance beside them. [systemd.kill(5)]
  if (unit.killMode === 'none') {
    return untilReboot('KillMode=none: a restart would leave the old processes beside the new')
  }
  const never = matching(config.restartNever, unit.names)
  if (never !== undefined) return untilReboot(`never = ${never}`)
  if (matching(config.restartAllow, unit.names) !== undefined) return undefined
  const why = whyDenied(unit.names) ?? whyCarries(unit) ?? whyNotByDefault(unit)
  return why === undefined ? refuseOccupied(unit, rules) : untilReboot(why)
}

function whyNotByDefault({ type, sendsKill }: UnitState): string | undefined {
  if (type === 'oneshot') return 'a oneshot: its job would run again'
  if (!sendsKill) {
    return 'SendSIGKILL=no: if it stops too slowly, its old processes run on beside the new'
  }
  return undefined
}

/** What the unit's processes say against their end. */
function refuseOccupied(unit: UnitState, rules: RestartRules): Refusal | undefined {
  try {
    const occupants = rules.occupants(unit)
    const why = whyOccupied(occupants) ?? whyMigration(unit, occupants, rules.upgrades)
    return why === undefined ? undefined : untilReboot(why)
  } catch (error) {
    return untilReboot(`what runs in it cannot be seen: ${errorText(error)}`)
  }
}

/** Units that a restart only starts again; a restart of other kinds takes something away. */
const HARMLESS = /\.(service|socket|target|timer|path)$/

/** Why a unit must not be restarted together with another; undefined when it can be. */
export function refuseAlong(unit: UnitState, rules: RestartRules): Refusal | undefined {
  const refusal = HARMLESS.test(unit.name)
    ? refuseAlways(unit, rules)
    : untilReboot('it would be stopped')
  return refusal && untilReboot(`${unit.name} would be restarted with it: ${refusal.why}`)
}
