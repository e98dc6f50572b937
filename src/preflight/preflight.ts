import { errorText } from '../errors.ts'
import { describeConfProblem } from '../pacman/conf/valid-conf.ts'
import { checkDatabases } from './databases.ts'
import { checkFleet } from './fleet.ts'
import { checkDownloadKeyring } from './keyring.ts'
import { checkLock } from './lock.ts'
import { checkMounts } from './mounts.ts'
import { checkPublisher } from './publisher.ts'
import { checkReboot } from './reboot.ts'
import { checkSpace } from './space.ts'
import { checkWhole } from './whole.ts'
import { checkWritable } from './writable.ts'
import type { Context } from './context.ts'
import { type PreflightCheck, type PreflightFinding, inOrder, stops } from './check.ts'
import type { Job } from '../systemd/jobs.ts'

/** Whether a job may begin. */
export interface Preflight {
  job: Job
  verdict: 'go' | 'skip' | 'act'
  /** why not, in one line; '' for go */
  reason: string
  /** what to do about it; '' for go, and where the reason says it */
  advice: string
  /** the packages that the upgrade will change, if the checks came that far */
  plan: string[]
  /** in the order of the checks, up to the first that stops the job */
  findings: PreflightFinding[]
}

const CHECKS: Record<Job, PreflightCheck<Context>[]> = {
  upgrade: [
    checkReboot,
    checkLock,
    checkWhole,
    checkFleet,
    checkMounts,
    checkSpace,
    checkDatabases,
  ],
  // No check of databases and cache: a download refreshes and fills them.
  download: [
    checkReboot,
    checkLock,
    checkMounts,
    checkPublisher,
    checkWritable,
    checkSpace,
    checkDownloadKeyring,
  ],
}

/**
 * Runs a job's checks. Nothing changes, except that an automount may be mounted.
 *
 * @param before what was found before, such as a repair
 * @param prepare gives the context; a person must fix the cause of its errors
 */
export async function preflight(
  job: Job,
  prepare: () => Context,
  before: readonly PreflightFinding[] = [],
): Promise<Preflight> {
  if (before.some(stops)) return judge(job, [...before])
  let context: Context
  try {
    context = prepare()
  } catch (error) {
    return judge(job, [
      ...before,
      {
        check: 'configuration',
        result: 'act',
        message: errorText(error),
      },
    ])
  }
  const configured = [...before, ...checkConfiguration(context)]
  try {
    return judge(job, [...configured, ...(await inOrder(CHECKS[job], context))])
  } catch (error) {
    // Unexpected, so it will not go away by itself.
    const failed: PreflightFinding = {
      check: 'preflight',
      result: 'act',
      message: errorText(error),
      advice: `report it, with what kured-sentinel preflight ${job} --json prints`,
    }
    return judge(job, [...configured, failed])
  }
}

/** What must be so before a repair, which installs what the databases offer. Nothing changes. */
export function guardRepair(context: Context, isDamaged: boolean): Promise<PreflightFinding[]> {
  const checks = [checkReboot, checkFleet, checkMounts, checkSpace]
  return inOrder(isDamaged ? checks : [...checks, checkDatabases], context)
}

function checkConfiguration({ pacmanConf, conf }: Context): PreflightFinding[] {
  const check = 'configuration'
  return [
    { check, result: 'ok', message: `${pacmanConf} can be read` },
    ...conf.problems.map((problem): PreflightFinding => {
      return { check, result: 'warning', message: describeConfProblem(problem) }
    }),
  ]
}

function judge(job: Job, findings: PreflightFinding[]): Preflight {
  const obstacle = findings.find(stops)
  const plan = findings.flatMap(({ packages = [] }) => packages)
  if (obstacle === undefined) return { job, verdict: 'go', reason: '', advice: '', plan, findings }
  const verdict = obstacle.result === 'act' ? 'act' : 'skip'
  const { message: reason, advice = '' } = obstacle
  return { job, verdict, reason, advice, plan, findings }
}
