import { errorText } from '../errors.ts'
import type { Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { readOutcome, type Attempt } from './outcome.ts'
import { told, toldGone, type RestartPlan, type RestartStep } from './plan.ts'
import { refuseUnit } from './refusal.ts'
import { MANAGER, SYSTEMD, type RestartReport } from './report.ts'
import type { Precondition } from './preconditions.ts'
import { isStillThere } from './stale-process.ts'
import { reexecManager, settle } from './systemd-actions.ts'
import { orderSystemd } from '../systemd/systemctl.ts'
import { isUp, readUnits } from '../systemd/unit.ts'

type CarriedOut = Pick<RestartReport, 'failed' | 'restarted' | 'refused' | 'gone'>

/** The state of an execution. */
interface Execution {
  host: Host
  config: Config
  precondition: Precondition
  touched: Map<string, Attempt>
  done: CarriedOut
}

/** Executes the plan, one unit after the other, and then reads the outcome of each. */
export async function executePlan(
  host: Host,
  plan: RestartPlan,
  config: Config,
  precondition: Precondition,
): Promise<CarriedOut> {
  const { refused, gone } = plan
  const done: CarriedOut = { failed: [], restarted: [], refused: [...refused], gone: [...gone] }
  const run: Execution = { host, config, precondition, touched: new Map(), done }
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

/** Restarts a unit, unless it was restarted meanwhile, or there is now a reason against it. */
async function takeStep(run: Execution, { unit, processes, along }: RestartStep): Promise<void> {
  const { host, config, touched, done } = run
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
      ? refuseUnit(now, there, undefined, config)
      : { why, clears: 'reboot' as const }
  if (refusal !== undefined) {
    done.refused.push({ unit: name, ...refusal, processes: there.map(told) })
    return
  }
  const complaint = orderSystemd(['try-restart', '--', name], config.restartTimeout)
  touched.set(name, { unit: name, processes: there.map(told), before: now, complaint })
  for (const before of along) {
    const also = { unit: before.name, processes: [], with: name, before, complaint: '' }
    if (!touched.has(before.name)) touched.set(before.name, also)
  }
}
