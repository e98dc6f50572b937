import type { Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { Deadline } from '../host/deadline.ts'
import { parseCgroup } from '../proc/cgroup.ts'
import { readLog } from '../pacman/log/log.ts'
import { upgradesSince } from '../pacman/log/upgrades.ts'
import { Occupants } from '../proc/occupants.ts'
import { readDependents } from './dependents.ts'
import { inOrder } from './order.ts'
import {
  refuseProcess,
  refuseTriggered,
  refuseWhole,
  type Refusal,
  type RestartRules,
} from './refusal.ts'
import { notesOn } from './notes.ts'
import { MANAGER, type Refused, type Restarted } from './report.ts'
import { matching } from './denylist.ts'
import { isStillThere, type Gone } from './stale-process.ts'
import type { UnitProcess } from '../proc/process.ts'
import { readUnits, type UnitState } from '../systemd/unit.ts'

/** What all restarts of one run rest on. */
export interface RestartPlace {
  host: Host
  config: Config
  /** the path of pacman.log */
  log: string
}

/** A unit to restart, its stale processes, and the units that systemd restarts with it. */
export interface RestartStep {
  unit: UnitState
  processes: UnitProcess[]
  along: UnitState[]
}

export interface RestartPlan {
  /** whether PID 1 runs old code */
  reexec: boolean
  /** in the order of execution */
  steps: RestartStep[]
  refused: Refused[]
  gone: Gone[]
}

/**
 * Plans the restarts for the results of a scan. Changes nothing.
 *
 * @param stale the processes that run replaced code
 * @throws SentinelError when systemd does not answer
 */
export function makePlan(place: RestartPlace, stale: readonly UnitProcess[]): RestartPlan {
  const { host, config } = place
  const gone: Gone[] = []
  const { reexec, refused, byUnit } = sort(stale, config)
  const units = readUnits([...byUnit.keys()])
  const dependents = readDependents([...units.values()])
  const rules = readRules(place, readOwnUnit(host))
  const triggers = readUnits([...units.values()].flatMap(({ triggeredBy }) => triggeredBy))
  const steps = new Map<UnitState, RestartStep>()
  for (const [name, found] of byUnit) {
    const unit = units.get(name)
    // systemd's state of the unit applies only to processes that were in it all the time.
    const processes = found.filter((process) => isStillThere(host, process))
    gone.push(...found.filter((process) => !processes.includes(process)).map(toldGone))
    if (unit === undefined || processes.length === 0) continue
    const along = dependents.get(unit.name) ?? []
    const refusal =
      refuseTriggered(unit.triggeredBy.flatMap((trigger) => triggers.get(trigger) ?? [])) ??
      refuseWhole(unit, processes, along, rules)
    if (refusal !== undefined)
      refused.push({ unit: name, ...refusal, processes: processes.map(told) })
    else steps.set(unit, { unit, processes, along })
  }
  const ordered = inOrder([...steps.keys()], dependents)
  return { reexec, steps: ordered.flatMap((unit) => steps.get(unit) ?? []), refused, gone }
}

/** What the units are held against at this moment; each fact is read when a unit asks for it. */
export function readRules(
  { host, config, log }: RestartPlace,
  own: UnitState | undefined,
): RestartRules {
  let all: Occupants | undefined
  return {
    config,
    own,
    occupants({ controlGroup }) {
      all ??= new Occupants(host, new Deadline(config.timeout))
      return all.of(controlGroup)
    },
    upgrades(isMeant, since) {
      const bootedAt = host.now() - host.uptime() * 1000
      return upgradesSince(readLog(host, log).lines, isMeant, bootedAt + since * 1000)
    },
  }
}

/** Separates PID 1, processes without a unit that can be restarted, and all others by unit. */
function sort(stale: readonly UnitProcess[], { restartNever }: Config) {
  const refused: Refused[] = []
  const byUnit = new Map<string, UnitProcess[]>()
  let reexec = false
  for (const process of stale) {
    const { pid, unit } = process
    const never = pid === 1 ? matching(restartNever, [MANAGER]) : undefined
    const refusal = never === undefined ? refuseProcess(process) : neverReexec(never)
    if (pid === 1 && never === undefined) reexec = true
    else if (refusal !== undefined) {
      refused.push({ ...(unit && { unit }), ...refusal, processes: [told(process)] })
    } else if (unit !== undefined) byUnit.set(unit, [...(byUnit.get(unit) ?? []), process])
  }
  return { reexec, refused, byUnit }
}

function neverReexec(pattern: string): Refusal {
  return { why: `never = ${pattern}`, clears: 'reboot' }
}

/** A process that has ended, for the report. */
export function toldGone({ pid, command, unit }: UnitProcess): Gone {
  return { pid, command, unit }
}

/** A unit and those of its processes that run old code, for the report; see notesOn(). */
export function toldOf(
  unit: UnitState,
  processes: readonly UnitProcess[] = [],
  complaint = '',
): Restarted {
  const notes = notesOn(unit, complaint)
  return { unit: unit.name, processes: processes.map(told), ...(notes.length > 0 && { notes }) }
}

/** A process, for the report. */
export function told({ pid, command }: UnitProcess): { pid: number; command: string } {
  return { pid, command }
}

/** The unit of this command, such as pacman-upgrade.service, or the session of a shell. */
function readOwnUnit(host: Host): UnitState | undefined {
  const { unit, userSlice } = parseCgroup(host.readText('/proc/self/cgroup'))
  // The system's systemd does not know users' own units, and none of them is restarted.
  return unit === undefined || userSlice ? undefined : readUnits([unit]).get(unit)
}
