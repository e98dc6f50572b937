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

/** A unit to restart, for what it is restarted, and what systemd restarts along with it. */
export interface RestartStep {
  unit: UnitState
  processes: UnitProcess[]
  along: UnitState[]
}

export interface RestartPlan {
  /** whether PID 1 runs old code */
  reexec: boolean
  /** in the order in which to do them */
  steps: RestartStep[]
  refused: Refused[]
  gone: Gone[]
}

/**
 * What to do about what a scan has found. Changes nothing.
 *
 * @param stale the processes that run replaced code
 * @throws SentinelError where systemd does not answer
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
    // What systemd says of a unit goes for those only that were there all the time.
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

/** PID 1, processes for which no unit can be restarted, and the others by their unit. */
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

/** What a report tells of a process that has gone. */
export function toldGone({ pid, command, unit }: UnitProcess): Gone {
  return { pid, command, unit }
}

/** What a report tells of a process. */
export function told({ pid, command }: UnitProcess): { pid: number; command: string } {
  return { pid, command }
}

/** The unit that this command runs in, such as pacman-upgrade.service, or the session of a shell. */
function readOwnUnit(host: Host): UnitState | undefined {
  const { unit, userSlice } = parseCgroup(host.readText('/proc/self/cgroup'))
  // Of a user's own unit systemd knows nothing, and none of them is restarted.
  return unit === undefined || userSlice ? undefined : readUnits([unit]).get(unit)
}
