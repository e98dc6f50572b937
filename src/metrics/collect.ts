import { type Config, DEFAULTS, readConfig } from '../config/config.ts'
import { SentinelError } from '../errors.ts'
import { readHealth } from '../health/state.ts'
import { countHistory } from '../history/file.ts'
import { type BootClock, readBootClock } from '../host/boot-clock.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { sinceAsked } from '../kubernetes/asked.ts'
import { distributionOf } from '../kubernetes/distribution.ts'
import { databasePath, readHostConf } from '../pacman/conf/conf.ts'
import { readLock } from '../pacman/lock.ts'
import { activeHold } from '../reboot/hold-state.ts'
import { remaining } from '../reboot/hold.ts'
import { judgeAnswer } from '../reboot/policy.ts'
import { readRunRecord } from '../record/run-record.ts'
import { checkHost, type CheckReport } from '../sentinel/check.ts'
import { type Job, UNITS } from '../systemd/jobs.ts'
import { enabledState } from '../systemd/unit-state.ts'
import { collectDatabases } from './databases.ts'
import { collectDueSince } from './due.ts'
import type { FactName, JobFacts, MetricFacts } from './facts.ts'

/**
 * Looks at all that the metrics tell. What cannot be seen is told as such, and keeps nothing else.
 *
 * @param keeps whether what one look leaves for the next is written: since when a reboot is due, and
 * what pacman said of the databases
 * @param tell is told of what could not be seen, and why
 */
export async function collectMetrics(
  host: Host,
  keeps: boolean,
  tell: (fact: FactName, error: unknown) => void,
): Promise<MetricFacts> {
  const now = readBootClock(host)
  const readable: MetricFacts['readable'] = {}
  const look = async <T>(fact: FactName, read: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      const seen = await read()
      readable[fact] = true
      return seen
    } catch (error) {
      readable[fact] = false
      tell(fact, error)
      return undefined
    }
  }
  const configured = await look('configuration', () => readConfig(host))
  const config = configured ?? DEFAULTS
  // Without it Kured has no answer either.
  const check = configured && (await look('check', () => checkAsKured(host, config)))
  const seen = {
    check,
    dueSince: check && collectDueSince(host, check, now, keeps),
    asked: await look('kured', () => lookAtKured(host, now)),
    upgrade: await look('upgrade', () => lookAtJob(host, 'upgrade')),
    download: await look('download', () => lookAtJob(host, 'download')),
    hold: await look('hold', () => lookAtHold(host, now)),
    lock: await look('lock', () => lookAtLock(host, check)),
    health: await look('health', () => readHealth(host)?.verdict ?? ('unknown' as const)),
    history: await look('history', () => countHistory(host)),
  }
  // Another host's programs cannot be run.
  const isOwn = host.root === ''
  const sync = isOwn ? await look('databases', () => collectDatabases(host, keeps)) : undefined
  if (sync?.problem !== undefined) {
    readable.databases = false
    tell('databases', sync.problem)
  }
  return {
    now,
    readable,
    ...without(seen),
    ...without({ databases: sync?.facts }),
    databaseAge: config.databaseAge,
  }
}

/** As Kured is answered, but nothing is asked for. */
async function checkAsKured(host: Host, config: Config): Promise<CheckReport> {
  const deadline = new Deadline(config.timeout)
  const report = await checkHost(host, config, deadline, false)
  if (report.verdict === 'none') return report
  return judgeAnswer(host, config, report, false, deadline)
}

function lookAtKured(host: Host, { wall }: BootClock): MetricFacts['asked'] {
  const ago = sinceAsked(host)
  if (ago === undefined && distributionOf(host) === undefined) return undefined
  return { at: ago === undefined ? undefined : wall - ago }
}

function lookAtJob(host: Host, job: Job): JobFacts {
  const timer = UNITS[job].replace(/\.service$/, '.timer')
  return {
    job,
    isTimed: enabledState(host, timer) === 'enabled',
    run: readRunRecord(host, job),
  }
}

function lookAtHold(host: Host, now: BootClock): MetricFacts['hold'] {
  const hold = activeHold(host, now)
  return { until: hold && now.wall + remaining(hold, now) }
}

/** As the check has judged it: its holder is looked for once. */
function lookAtLock(host: Host, check: CheckReport | undefined): MetricFacts['lock'] {
  if (readLock(host, databasePath(readHostConf(host))) === undefined) return 'none'
  if (check === undefined) throw new SentinelError('there is a lock, and nobody has judged it')
  const found = [...check.reasons, ...check.ignored].find(({ kind }) => kind === 'lock')
  return found?.effect === 'attention' ? 'stale' : 'held'
}

/** Without the fields that are undefined. */
function without<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>
  }
}
