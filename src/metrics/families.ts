import { counterFamilies } from './counters.ts'
import { type MetricFamily, type MetricSample, oneOfStates, seconds } from './exposition.ts'
import {
  type CheckFacts,
  type DatabaseFacts,
  FACTS,
  type JobFacts,
  type MetricFacts,
} from './facts.ts'
import type { Outcome, RunRecord } from '../record/run-record.ts'

type Gauge = [name: string, help: string, samples: MetricSample[]]

/** The metrics of a host. What could not be seen has none, and `fact_readable` says so. */
export function metricFamilies(facts: MetricFacts, version: string): MetricFamily[] {
  const gauges = [
    ...programGauges(facts, version),
    ...(facts.check === undefined ? unansweredGauges(facts) : checkGauges(facts.check, facts)),
    ...kuredGauges(facts),
    ...jobGauges([facts.upgrade, facts.download].filter((job) => job !== undefined)),
    ...databaseGauges(facts.databases, facts.databaseAge),
    ...stateGauges(facts),
  ]
  return [
    ...gauges.map(([name, help, samples]) => ({ name, type: 'gauge' as const, help, samples })),
    ...counterFamilies(facts.history?.counts),
  ]
}

const one = (value: number | undefined): MetricSample[] => (value === undefined ? [] : [{ value }])

/** A time in ms since 1970. */
const time = (ms: number | undefined): MetricSample[] =>
  ms === undefined || !Number.isFinite(ms) ? [] : [{ value: seconds(ms) }]

const truth = (holds: boolean): MetricSample[] => [{ value: holds ? 1 : 0 }]

function programGauges({ now, readable, history }: MetricFacts, version: string): Gauge[] {
  const looked = FACTS.filter((fact) => readable[fact] !== undefined)
  return [
    [
      'build_info',
      'The version of kured-sentinel that wrote these metrics.',
      [{ labels: { version }, value: 1 }],
    ],
    [
      'metrics_timestamp_seconds',
      'When these metrics were written, by the clock of the node.',
      time(now.wall),
    ],
    [
      'boot_timestamp_seconds',
      'When the node booted, by its present clock.',
      time(now.wall - now.uptime),
    ],
    [
      'fact_readable',
      'Whether this could be seen (1) or not (0).',
      looked.map((fact) => ({
        labels: { fact },
        value: readable[fact] === true ? 1 : 0,
      })),
    ],
    [
      'history_unreadable_lines',
      'Lines of the history that are no events.',
      one(history?.unreadable),
    ],
  ]
}

const VERDICT = 'The answer to Kured: the verdict that holds is 1.'
const VERDICTS = ['reboot', 'none', 'attention']

/** A check that fails ends with 2: no reboot, and a person should look. */
function unansweredGauges({ readable }: MetricFacts): Gauge[] {
  const failed = readable.configuration === false || readable.check === false
  return failed ? [['verdict', VERDICT, oneOfStates('verdict', VERDICTS, 'attention')]] : []
}

function checkGauges(check: CheckFacts, { now, dueSince = new Map() }: MetricFacts): Gauge[] {
  const { verdict, reasons, ignored, durationMs } = check
  const all = [...reasons, ...ignored]
  const kinds = [...new Set(reasons.map(({ kind }) => kind))]
  const useless = all.some(
    ({ effect, askedIn }) =>
      effect === 'attention' && askedIn !== undefined && askedIn !== now.bootId,
  )
  const kernel = all.find(({ kind, running }) => kind === 'kernel' && running !== undefined)
  return [
    ['verdict', VERDICT, oneOfStates('verdict', VERDICTS, verdict)],
    [
      'verdict_reasons',
      'Findings that made the verdict, by their kind.',
      kinds.map((kind) => ({
        labels: { kind },
        value: reasons.filter((reason) => reason.kind === kind).length,
      })),
    ],
    [
      'reboot_due',
      'Whether there is a reason for a reboot, also while something holds it back.',
      truth(dueSince.size > 0),
    ],
    [
      'reboot_due_since_timestamp_seconds',
      'Since when there is a reason for a reboot, by kind of cause.',
      [...dueSince].map(([cause, ms]) => ({
        labels: { cause },
        value: seconds(ms),
      })),
    ],
    ['reboot_useless', 'Whether a reboot did not clear what it was asked for.', truth(useless)],
    ['check_duration_seconds', 'How long the check took.', one(seconds(durationMs))],
    [
      'kernel_info',
      'The release of the running kernel, and of the installed one that a reboot would start.',
      kernel?.running === undefined
        ? []
        : [
            {
              labels: { running: kernel.running, installed: kernel.installed ?? kernel.running },
              value: 1,
            },
          ],
    ],
  ]
}

function kuredGauges({ asked }: MetricFacts): Gauge[] {
  if (asked === undefined) return []
  return [
    ['kured_asked', 'Whether Kured has asked in this boot.', truth(asked.at !== undefined)],
    ['kured_last_asked_timestamp_seconds', 'When Kured last asked in this boot.', time(asked.at)],
  ]
}

const OUTCOMES: readonly (Outcome | 'repaired')[] = [
  'completed',
  'nothing-to-do',
  'skipped',
  'interrupted',
  'failed',
  'repaired',
]

function jobGauges(jobs: readonly JobFacts[]): Gauge[] {
  const each = (samples: (run: RunRecord, job: string) => MetricSample[]) =>
    jobs.flatMap(({ job, run }) => (run === undefined ? [] : samples(run, job)))
  const number = (read: (run: RunRecord) => number | undefined) =>
    each((run, job) => {
      const value = read(run)
      return value === undefined || !Number.isFinite(value)
        ? []
        : [{ labels: { task: job }, value }]
    })
  const at = (read: (run: RunRecord) => string | undefined) =>
    number((run) => seconds(Date.parse(read(run) ?? '')))
  return [
    [
      'task_timer_enabled',
      'Whether a timer starts the job.',
      jobs.map(({ job, isTimed }) => ({
        labels: { task: job },
        value: isTimed ? 1 : 0,
      })),
    ],
    [
      'task_last_outcome',
      'How the last run ended: the outcome that holds is 1.',
      each((run, job) =>
        oneOfStates('outcome', OUTCOMES, run.repaired === true ? 'repaired' : run.outcome, {
          task: job,
        }),
      ),
    ],
    ['task_last_end_timestamp_seconds', 'When the last run ended.', at(({ endedAt }) => endedAt)],
    [
      'task_last_success_timestamp_seconds',
      'When the last run ended that did its work, or had none.',
      at(lastSuccess),
    ],
    [
      'task_last_packages',
      'Packages that the last run installed, upgraded or removed.',
      number(({ packages }) => packages),
    ],
    [
      'task_last_problems',
      'Failed hooks and scriptlets of the last run that had work.',
      number((run) => lastWork(run).problems.length),
    ],
    [
      'task_skips_in_a_row',
      'Runs that were skipped since the last one that was not.',
      number(({ skips = 0 }) => skips),
    ],
  ]
}

/** A run that did nothing leaves what the run before it left. */
function lastWork(run: RunRecord): Pick<RunRecord, 'problems'> {
  return run.lastEnd ?? run
}

function lastSuccess(run: RunRecord): string | undefined {
  const runs = [run, ...(run.lastEnd === undefined ? [] : [run.lastEnd])]
  return runs.find(({ outcome }) => outcome === 'completed' || outcome === 'nothing-to-do')?.endedAt
}

const IGNORED: readonly DatabaseFacts['ignored'][] = ['fine', 'blocked', 'unknown']

function databaseGauges(databases: DatabaseFacts | undefined, databaseAge: number): Gauge[] {
  if (databases === undefined) return []
  const { at, newest, ignored, blocking } = databases
  return [
    [
      'sync_databases_timestamp_seconds',
      'When the newest sync database was made, by the clock of its server.',
      time(newest),
    ],
    [
      'sync_databases_age_limit_seconds',
      'The age from which the databases are old, as configured (database-age).',
      one(seconds(databaseAge)),
    ],
    [
      'sync_databases_seen_timestamp_seconds',
      'When the sync databases were last looked at.',
      time(at),
    ],
    [
      'ignored_packages',
      'Whether ignored packages stop the next upgrade: what holds is 1.',
      oneOfStates('verdict', IGNORED, ignored),
    ],
    ['ignored_packages_blocking', 'Ignored packages that stop the next upgrade.', one(blocking)],
  ]
}

const LOCKS = ['none', 'held', 'stale']
const HEALTH = ['healthy', 'unhealthy', 'pending', 'accepted', 'unknown']

function stateGauges({ hold, lock, health }: MetricFacts): Gauge[] {
  return [
    [
      'hold',
      'Whether a person keeps the node from being rebooted.',
      hold === undefined ? [] : truth(hold.until !== undefined),
    ],
    ['hold_end_timestamp_seconds', 'When the hold ends.', time(hold?.until)],
    [
      'pacman_lock',
      'The lock of pacman: the state that holds is 1.',
      lock === undefined ? [] : oneOfStates('state', LOCKS, lock),
    ],
    [
      'health',
      'Whether the node is well since its boot: the verdict that holds is 1.',
      health === undefined ? [] : oneOfStates('verdict', HEALTH, health),
    ],
  ]
}
