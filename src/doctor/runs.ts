import type { UnitStatus } from '../units/status.ts'
import { type Job, UNITS } from '../systemd/jobs.ts'
import { ok, type DoctorFinding, warning, wrong } from './line.ts'
import { countPackages } from '../text/listed.ts'

/** How a run ended. */
export type JobRun = NonNullable<UnitStatus['run']>

/** How a job's last run ended, and the problems that an earlier one left behind. */
export function judgeRun(
  job: Job,
  service: UnitStatus,
  earlier: JobRun | undefined,
): DoctorFinding[] {
  const { name, run, skip, active, problem } = service
  const advice = `journalctl -u ${name}`
  if (problem !== undefined) return [wrong(`${name}: ${problem}`, advice)]
  const said: DoctorFinding[] = active === 'failed' ? [wrong(`${name} has failed`, advice)] : []
  if (run !== undefined) said.push(judgeRunOutcome(job, run))
  // A skip by the preflight is recorded after systemd has met the conditions.
  if (skip !== undefined && (run === undefined || skip.at > Date.parse(run.endedAt))) {
    said.push(warning(`the ${job} was skipped at ${at(skip.at)}: ${skip.why}`, advice))
  }
  const before = earlier && judgeRunOutcome(job, earlier, `an earlier ${job}`)
  if (before?.state === 'wrong') said.push(before)
  return said.length > 0 ? said : [ok(`${name} has not run yet`)]
}

function judgeRunOutcome(job: Job, run: JobRun, which = `the last ${job}`): DoctorFinding {
  const { outcome, reason, problems, packages, endedAt } = run
  const advice = `journalctl -u ${UNITS[job]}`
  const last = `${which}, at ${at(Date.parse(endedAt))}, `
  const why = reason === '' ? '' : `: ${reason}`
  if (outcome === 'skipped') return warning(`${last}was skipped${why}`, advice)
  if (run.repaired === true) return ok(`${last}was ${outcome}${why}; it is repaired`)
  if (outcome === 'failed') return wrong(`${last}failed${why}`, advice)
  if (outcome === 'interrupted') return wrong(`${last}was interrupted${why}`, advice)
  if (problems.length > 0) {
    return wrong(`${last}completed with problems: ${problems.join('; ')}`, advice)
  }
  if (outcome === 'nothing-to-do') return ok(`${last}found nothing to do`)
  // pacman.log, which has the packages, does not tell of downloads.
  if (job === 'download' && packages === 0) return ok(`${last}completed${why}`)
  return ok(`${last}completed: ${countPackages(packages)}`)
}

/** To the minute, in UTC. */
export function at(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 16) + 'Z' : 'an unknown time'
}
