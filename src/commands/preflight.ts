import { renderRecord } from './record.ts'
import { readConfig } from '../config/config.ts'
import type { Answer } from '../envelope/commands.ts'
import type { State } from '../envelope/envelope.ts'
import { errorText } from '../errors.ts'
import { systemdInvocation } from '../host/caller.ts'
import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { type PreflightOptions, prepare } from '../preflight/context.ts'
import { repairBefore } from '../preflight/whole.ts'
import { type PreflightFinding, withAdvice } from '../preflight/check.ts'
import { installKeyrings } from '../preflight/keyring-first.ts'
import { guardRepair, preflight, type Preflight } from '../preflight/preflight.ts'
import { recordStart, skipsSoFar } from '../record/record.ts'
import type { Job } from '../systemd/jobs.ts'
import { type JobOptions, readJobOptions } from '../units/job-options.ts'
import { journalLine } from './record.ts'
import { withProgress } from '../terminal/progress.ts'
import { printable } from '../text/printable.ts'

/** To systemd: run, skip, fail. [systemd.service(5), ExecCondition=] */
const CODES = { go: 0, skip: 1, act: 255 }

/** Its exit codes: 0 go, 1 skip, 255 a person must act. */
export async function runPreflight(
  job: Job,
  options: PreflightOptions & {
    json?: true | undefined
    explain?: true | undefined
    config?: string | undefined
    timeout: number
  },
): Promise<Answer<'preflight upgrade'>> {
  const host = new Host()
  const invocation = systemdInvocation()
  const asked =
    invocation === undefined
      ? { ...options, ...asInUnit(options, readJobOptions(host, job)) }
      : options
  let most = Infinity
  const configured = () => {
    const config = readConfig(host, options.config)
    most = config.mostSkips
    return config
  }
  const context = () => prepare(job, host, configured(), asked, new Deadline(options.timeout))
  const guard = (isDamaged: boolean) => guardRepair(context(), isDamaged)
  const before =
    invocation !== undefined && job === 'upgrade'
      ? await repairBefore(host, configured, options.pacmanConf, invocation, guard)
      : { findings: [] }
  const look = (found: readonly PreflightFinding[]) =>
    withProgress(`checking whether the ${job} can begin`, () => preflight(job, context, found))
  const first = await look(before.findings)
  const judged =
    invocation === undefined
      ? first
      : await afterKeyrings(first, host, options.pacmanConf, (done) =>
          look([...before.findings, done]),
        )
  // What a person starts is no night.
  const skips =
    invocation === undefined || judged.verdict !== 'skip' ? 0 : skipsSoFar(host, job) + 1
  const report = skips >= most ? tired(judged, skips) : judged
  const exitCode = CODES[report.verdict]
  if (!options.json) {
    if (options.explain) write(1, renderChecks(report))
    write(exitCode === 255 ? 2 : 1, renderVerdict(report, invocation !== undefined))
  }
  if (invocation === undefined) return preflightAnswer(report, skips)
  try {
    const { verdict, plan } = report
    const reason = fullReason(report)
    const start = { job, verdict, reason, plan, skips }
    const lost = recordStart(host, options.pacmanConf, start, invocation) ?? before.lost
    if (lost !== undefined) write(2, renderRecord(lost))
    return preflightAnswer(report, skips)
  } catch (error) {
    // Without a recorded start the run's outcome would be unknown. To systemd, exit 2 is a skip.
    const unrecorded = errorText(error)
    write(2, journalLine('error', `attention, no ${job}: ${unrecorded}`))
    const found: PreflightFinding = { check: 'record', result: 'act', message: unrecorded }
    const findings = [...report.findings, found]
    return preflightAnswer({ ...report, verdict: 'act', reason: unrecorded, findings }, skips)
  }
}

const STATES: Record<PreflightFinding['result'], State> = {
  ok: 'ok',
  warning: 'warning',
  skip: 'waiting',
  act: 'wrong',
}

function preflightAnswer(report: Preflight, skips: number): Answer<'preflight upgrade'> {
  const { job, verdict, reason, advice: todo, plan, findings } = report
  return {
    verdict,
    exitCode: CODES[verdict],
    findings: findings.map(({ check, result, message, advice = null, ...fields }) => {
      return { kind: check, state: STATES[result], message, advice, fields }
    }),
    details: { job, reason, advice: todo, plan, skips },
  }
}

/** A person asks what the unit will be told: its line counts for what this one does not name. */
export function asInUnit(named: JobOptions, unit: JobOptions): JobOptions {
  const { syncDir = unit.syncDir, cacheDir = unit.cacheDir } = named
  const namesMounts = named.syncDir !== undefined || named.cacheDir !== undefined
  return {
    local: named.local || (unit.local && !namesMounts),
    allowDownload: named.allowDownload || unit.allowDownload,
    ...(named.local ? { syncDir: named.syncDir, cacheDir: named.cacheDir } : { syncDir, cacheDir }),
  }
}

/** Where keyrings must go first: installs them, and looks once more. */
async function afterKeyrings(
  judged: Preflight,
  host: Host,
  pacmanConf: string,
  again: (done: PreflightFinding) => Promise<Preflight>,
): Promise<Preflight> {
  const keyrings = judged.findings.find(({ first }) => first !== undefined)?.first
  if (keyrings === undefined) return judged
  return again(await installKeyrings(host, pacmanConf, keyrings))
}

/** A run that is skipped again and again does not go by itself. */
function tired(report: Preflight, skips: number): Preflight {
  const reason = `${report.reason} (skipped ${skips} times in a row)`
  return { ...report, verdict: 'act', reason }
}

/** The warnings, one per line, then the answer in one line. */
export function renderVerdict(report: Preflight, toJournal: boolean) {
  const { job, verdict, findings } = report
  const reason = fullReason(report)
  const warnings = findings
    .filter(({ result }) => result === 'warning')
    .map((finding) => journalLine('warning', `warning: ${withAdvice(finding)}`, toJournal))
  return `${warnings.join('')}${answer({ job, verdict, reason }, toJournal)}`
}

/** Why not, and what to do. */
function fullReason({ reason, advice }: Pick<Preflight, 'reason' | 'advice'>): string {
  return advice === '' ? reason : withAdvice({ message: reason, advice })
}

function answer(
  { job, verdict, reason }: Pick<Preflight, 'job' | 'verdict' | 'reason'>,
  toJournal: boolean,
) {
  if (verdict === 'go') return journalLine('info', `go: the ${job} can begin`, toJournal)
  if (verdict === 'skip') return journalLine('notice', `skip: ${reason}`, toJournal)
  return journalLine('error', `attention, no ${job} until you fix this: ${reason}`, toJournal)
}

/** Every finding in one line, for a person. */
export function renderChecks({ findings }: Preflight): string {
  return findings
    .map((finding) => {
      const { check, result } = finding
      return `${result.padEnd(7)}  ${check.padEnd(13)}  ${printable(withAdvice(finding))}\n`
    })
    .join('')
}
