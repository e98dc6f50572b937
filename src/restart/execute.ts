import { errorText } from '../errors.ts'
import { readOutcome, type Attempt } from './outcome.ts'
import {
  readRules,
  told,
  toldGone,
  toldOf,
  type RestartPlace,
  type RestartPlan,
  type RestartStep,
} from './plan.ts'
import { refuseWhole } from './refusal.ts'
import { MANAGER, SYSTEMD, type RestartReport } from './report.ts'
import type { Precondition } from './preconditions.ts'
import { isStillThere } from './stale-process.ts'
import { reexecManager, settle } from './systemd-actions.ts'
import { orderSystemd } from '../systemd/systemctl.ts'
import { isUp, readUnits } from '../systemd/unit.ts'

type CarriedOut = Pick<RestartReport, 'failed' | 'restarted' | 'refused' | 'gone'>

/** The state of an execution. */
interface Execution {
  place: RestartPlace
  precondition: Precondition
  touched: Map<string, Attempt>
  done: CarriedOut
}

/** Executes the plan, one unit after the other, and then reads the outcome of each. */
export async function executePlan(
  place: RestartPlace,
  plan: RestartPlan,
  precondition: Precondition,
): Promise<CarriedOut> {
  const { refused, gone } = plan
  const done: CarriedOut = { failed: [], restarted: [], refused: [...refused], gone: [...gone] }
  const { config } = place
  const run: Execution = { place, precondition, touched: new Map(), done }
  // First, so that the new systemd starts the units.
  if (plan.reexec) {
    const why = await reexecManager(config.restartTimeout)
    if (why === '') done.restarted.push({ unit: MANAGER, processes: [SYSTEMD] })
    else done.failed.push({ unit: MANAGER, why: `systemctl daemon-reexec: ${why}` })
  }
  for (const step of plan.steps) {
    try {
      await takeStep(run, step)
    } catch (error) {
      done.failed.push({ unit: step.unit.name, why: errorText(error) })
    }
  }
  if (run.touched.size === 0) return done
  const { failed, restarted } = await readOutcome([...run.touched.values()], config.restartTimeout)
  done.failed.push(...failed)
  done.restarted.push(...restarted)
  return done
}

/** Limit for an order that waits for nothing. */
const ANSWER_MS = 20_000

/** Restarts a unit, unless it was restarted meanwhile, or there is now a reason against it. */
async function takeStep(run: Execution, { unit, processes, along }: RestartStep): Promise<void> {
  const { place, touched, done } = run
  const { host, config } = place
  const { name } = unit
  const earlier = touched.get(name)
  if (earlier !== undefined) {
    // systemd restarts it together with another unit.
    earlier.processes = processes.map(told)
    await settle([name], 0, config.restartTimeout)
  }
  const now = readUnits([name]).get(name) ?? unit
  if (earlier !== undefined && (now.invocation !== earlier.before.invocation || !isUp(now))) return
  const why = run.precondition()
  // The last look: a process with a reused PID does not belong to this unit.
  const there = processes.filter((process) => isStillThere(host, process))
  done.gone.push(...processes.filter((process) => !there.includes(process)).map(toldGone))
  if (there.length === 0) return
  const refusal =
    why === undefined
      ? refuseWhole(now, there, along, readRules(place, undefined))
      : { why, clears: 'reboot' as const }
  if (refusal !== undefined) {
    done.refused.push({ unit: name, ...refusal, processes: there.map(told) })
    return
  }
  // Else systemd lets a unit with a start limit start only so often, and every upgrade counts.
  const names = [name, ...along.map((other) => other.name)]
  const reset = orderSystemd(['reset-failed', '--', ...names], ANSWER_MS)
  const complaint = orderSystemd(['try-restart', '--', name], config.restartTimeout)
  touched.set(name, { ...toldOf(now, there, reset), before: now, complaint })
  for (const before of along) {
    const also = { ...toldOf(before, [], reset), with: name, before, complaint: '' }
    if (!touched.has(before.name)) touched.set(before.name, also)
  }
}
