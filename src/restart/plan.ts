import type { Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { parseCgroup } from '../proc/cgroup.ts'
import { readDependents } from './dependents.ts'
import { inOrder } from './order.ts'
import { refuseAlong, refuseProcess, refuseTriggered, refuseUnit, type Refusal } from './refusal.ts'
import { MANAGER, type Refused } from './report.ts'
import { matching } from './denylist.ts'
import { isStillThere, type Gone } from './stale-process.ts'
import type { UnitProcess } from '../proc/process.ts'
import { readUnits, type UnitState } from '../systemd/unit.ts'

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
export function makePlan(host: Host, config: Config, stale: readonly UnitProcess[]): RestartPlan {
  const gone: Gone[] = []
  const { reexec, refused, byUnit } = sort(stale, config)
  const own = readOwnUnit(host)
  const units = readUnits([...byUnit.keys()])
  const dependents = readDependents([...units.values()])
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
      refuseUnit(unit, processes, own, config) ??
      refuseTriggered(unit.triggeredBy.flatMap((trigger) => triggers.get(trigger) ?? [])) ??
      along.map((other) => refuseAlong(other, own, config)).find((reason) => reason !== undefined)
    if (refusal !== undefined)
      refused.push({ unit: name, ...refusal, processes: processes.map(told) })
    else steps.set(unit, { unit, processes, along })
  }
  const ordered = inOrder([...steps.keys()], dependents)
  return { reexec, steps: ordered.flatMap((unit) => steps.get(unit) ?? []), refused, gone }
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
