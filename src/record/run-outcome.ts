import { SentinelError } from '../errors.ts'
import type { LogLine } from '../pacman/log/log.ts'
import {
  describeErrors,
  parsePacmanOutput,
  type PacmanOutput,
} from '../pacman/log/pacman-output.ts'
import { isDistrust } from '../pacman/signatures.ts'
import { isUnattended, type PacmanRun, readRuns } from '../pacman/log/transaction.ts'
import { countPackages, listed } from '../text/listed.ts'
import type { Job } from '../systemd/jobs.ts'
import type { PublicationState } from './publication.ts'
import type { RunStart } from './run-start.ts'
import type { Outcome } from './run-record.ts'

/** The result of a run, as systemd passes it to ExecStopPost=. [systemd.exec(5)] */
export interface ServiceEnd {
  /** "success", "exit-code", "signal", "timeout", "exec-condition", … */
  result: string
  /** "exited", "killed" or "dumped"; undefined when pacman was not started at all */
  code?: string | undefined
  /** its exit code, or the name of the signal */
  status?: string | undefined
}

/** Reads the result from the environment. Throws SentinelError when systemd did not set it. */
export function readServiceEnd(env: NodeJS.ProcessEnv): ServiceEnd {
  const result = env['SERVICE_RESULT']
  if (result === undefined || result === '') {
    throw new SentinelError(
      'only systemd runs this, as ExecStopPost= of the unit: kured-sentinel units status shows how the last run ended',
    )
  }
  return { result, code: env['EXIT_CODE'], status: env['EXIT_STATUS'] }
}

/** The evidence by which a run is judged. */
export interface RunEvidence {
  job: Job
  service: ServiceEnd
  /** written by the preflight of the same run */
  mark?: Pick<RunStart, 'verdict' | 'reason'> | undefined
  /** pacman.log since the run began */
  lines: readonly LogLine[]
  /** pacman's output, if known */
  output?: readonly string[] | undefined
  /** the packages that pacman's hooks list as unfinished; undefined if the hooks are not active */
  unfinished?: readonly string[] | undefined
  /** of the same run, if its publish was started */
  publication?: PublicationState | undefined
}

export interface RunOutcome {
  outcome: Outcome
  reason: string
  problems: string[]
  /** the packages that it has changed, as far as pacman.log tells */
  changed: string[]
  /** what it did to them, in pacman's words */
  changes: string[]
  failures: PacmanOutput['failures']
  /** the files of the cache that pacman has not accepted, and was to delete */
  refused?: string[]
  /** what it said of signatures that it does not trust */
  distrusted?: string[]
  /** whether pacman and all hooks were seen to end well */
  allWell?: boolean
  /** whether pacman was started; if not, the record keeps the end of an earlier run too */
  ran: boolean
  /** whether it was seen to begin with its changes */
  begun?: boolean
}

/**
 * Judges how a run ended. pacman's exit code says little: it is 0 also after SIGINT in the middle
 * of a transaction, after a failed hook, and when a database is missing. So pacman.log shows
 * whether a transaction was completed, and pacman's output shows what failed.
 */
export function judgeOutcome(evidence: RunEvidence): RunOutcome {
  return judgePublication(evidence) ?? notStarted(evidence) ?? judgeRun(evidence)
}

/** What publish says of itself, once it has ended: it has run pacman for all hosts. */
function judgePublication({ publication }: RunEvidence): RunOutcome | undefined {
  if (publication === undefined || publication.outcome === 'begun') return undefined
  const { outcome, reason, problems, distrusted, refused } = publication
  const told = { problems, distrusted, refused }
  const nothing = { changed: [], changes: [], failures: [], ran: true }
  return { ...nothing, ...told, outcome: PUBLISHED[outcome], reason: reason || NOTHING }
}

const PUBLISHED = {
  published: 'completed',
  unchanged: 'nothing-to-do',
  failed: 'failed',
  stopped: 'interrupted',
} as const

function notStarted({ service: { result, code }, mark }: RunEvidence): RunOutcome | undefined {
  const nothing = { problems: [], changed: [], changes: [], failures: [], ran: false }
  if (result === 'exec-condition') {
    return {
      ...nothing,
      outcome: 'skipped',
      reason: mark?.reason || 'an ExecCondition= failed and left no reason: see the journal',
    }
  }
  if (mark?.verdict === 'act') return { ...nothing, outcome: 'failed', reason: mark.reason }
  if (code !== undefined) return undefined
  // Stopped in the preflight, as by a shutdown. [tested on systemd 257]
  if (result === 'success') {
    return { ...nothing, outcome: 'skipped', reason: 'stopped before pacman began' }
  }
  return { ...nothing, outcome: 'failed', reason: `pacman was not started (${result})` }
}

function judgeRun({ job, service, lines, output, unfinished }: RunEvidence): RunOutcome {
  const run = findRun(lines, job)
  const said = parsePacmanOutput(output ?? [], run?.hooks ?? [])
  const succeeded = service.result === 'success' && service.status === '0'
  const transaction = ownTransaction(run, succeeded || wasStopped(service))
  const [outcome, why] = transaction
    ? judgeTransaction(transaction, service, said, unfinished)
    : job === 'download' && succeeded
      ? judgeDownload(said)
      : judgeNoTransaction(job, service, said, run?.upgrading === true)
  const problems = [...said.failed, ...(succeeded ? said.errors : [])]
  const { packages: changed = [], changes = [], pacfiles = [] } = transaction ?? {}
  const reason = why + describePacfiles(pacfiles)
  const allWell = outcome === 'completed' && said.understood && problems.length === 0
  const { failures, refused } = said
  const distrusted = said.errors.filter(isDistrust)
  const told = { failures, refused, distrusted }
  const begun = transaction !== undefined
  return { outcome, reason, problems, changed, changes, ...told, allWell, ran: true, begun }
}

/** Files that are named. */
const NAMED = 5

/** '' without any: "; made /etc/x.conf.pacnew: merge it with pacdiff" */
function describePacfiles(files: readonly string[]): string {
  if (files.length === 0) return ''
  return `; made ${listed(files, NAMED)}: merge ${files.length === 1 ? 'it' : 'them'} with pacdiff`
}

type Judgement = [outcome: Outcome, reason: string]

/** pacman exits with 0 after a completed transaction: with another code it is another run's. */
function ownTransaction(run: PacmanRun | undefined, mayBeCompleted: boolean) {
  const transaction = run?.transaction
  return transaction?.end === 'completed' && !mayBeCompleted ? undefined : transaction
}

function judgeTransaction(
  { end, packages }: NonNullable<PacmanRun['transaction']>,
  service: ServiceEnd,
  said: PacmanOutput,
  unfinished: RunEvidence['unfinished'],
): Judgement {
  const changed = countPackages(packages.length)
  // The last hook takes the packages off that list: then all hooks have run.
  if (end === 'completed' && wasStopped(service) && unfinished?.length !== 0) {
    const reason = `pacman was stopped (${how(service)}) after ${changed}, while hooks ran`
    return ['interrupted', `${reason}: some may not have finished`]
  }
  if (end === 'completed') {
    const doubt = said.understood ? '' : '; result of its hooks unknown (no output in English)'
    return ['completed', `${changed}${doubt}`]
  }
  if (end === 'failed') {
    return [
      'failed',
      [`the transaction failed after ${changed}`, ...describeErrors(said.errors, said)].join(': '),
    ]
  }
  const reason = `pacman was interrupted in mid-transaction (${how(service)}) after ${changed}`
  return ['interrupted', `${reason}: their hooks did not run`]
}

function judgeDownload({ nothingToDo }: PacmanOutput): Judgement {
  if (nothingToDo) return ['nothing-to-do', NOTHING]
  return ['completed', 'the packages are in the cache']
}

/** Errors that a reason has; what they are about is counted apart. */
const MOST_ERRORS = 3

const NOTHING = 'there was nothing to do'

function judgeNoTransaction(
  job: Job,
  service: ServiceEnd,
  said: PacmanOutput,
  upgrading: boolean,
): Judgement {
  const { errors, sandbox, nothingToDo } = said
  if (wasStopped(service)) {
    const when = job === 'upgrade' ? ' before anything was changed' : ''
    return ['interrupted', `pacman was stopped${when} (${how(service)})`]
  }
  if (service.status !== '0' || service.result !== 'success') {
    const told = [...new Set([...errors, ...sandbox])].slice(0, MOST_ERRORS)
    const reasons = describeErrors(told, said).join('; ')
    return ['failed', reasons || `pacman ended with exit code ${service.status}`]
  }
  if (nothingToDo || upgrading) return ['nothing-to-do', NOTHING]
  return ['failed', 'pacman ended with exit code 0, but pacman.log shows no upgrade']
}

/** The run of a job in pacman.log. */
export function findRun(
  lines: readonly LogLine[],
  job: Job,
  which: 'first' | 'last' = 'last',
): PacmanRun | undefined {
  const own = readRuns(lines).filter(({ command }) => isUnattended(command, job === 'download'))
  return which === 'first' ? own[0] : own.at(-1)
}

/** Whether a signal or a timeout ended pacman; 130: SIGINT. [pacman, src/pacman/sighandler.c] */
function wasStopped({ result, code, status }: ServiceEnd): boolean {
  return code !== 'exited' || status === '130' || result === 'timeout'
}

function how({ result, code, status }: ServiceEnd): string {
  if (result === 'timeout') return 'it took too long'
  return code === 'exited' ? `exit code ${status}` : `signal ${status}`
}

/** Whether pacman ended in the middle, of its first package too: it may have left some half done. */
export function wasCutOff({ outcome, begun }: Pick<RunOutcome, 'outcome' | 'begun'>): boolean {
  return outcome === 'interrupted' || (outcome === 'failed' && begun === true)
}
