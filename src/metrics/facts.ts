import type { HealthVerdict } from '../health/state.ts'
import type { EventCounts } from '../history/count.ts'
import type { BootClock } from '../host/boot-clock.ts'
import type { IgnoredCheck } from '../ignored/check.ts'
import type { LockState } from '../pacman/lock.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { CheckReport } from '../sentinel/check.ts'
import type { Finding } from '../sentinel/finding.ts'
import type { Job } from '../systemd/jobs.ts'

/** What the metrics are made of. Times in ms since 1970, by the host's clock. */
export interface MetricFacts {
  now: BootClock
  /** of what could be seen, and of what could not */
  readable: Partial<Record<FactName, boolean>>
  /** as to Kured, without what an answer to it would write */
  check?: CheckFacts
  /** since when a reboot is due, by kind of cause; none where none is */
  dueSince?: ReadonlyMap<Finding['kind'], number>
  /** undefined where no Kured is to ask; at: undefined where it has not in this boot */
  asked?: { at: number | undefined }
  upgrade?: JobFacts
  download?: JobFacts
  /** its end, if there is one */
  hold?: { until: number | undefined }
  lock?: LockState['state'] | 'none'
  health?: HealthVerdict | 'unknown'
  history?: { counts: EventCounts; unreadable: number }
  databases?: DatabaseFacts
  /** see the configuration */
  databaseAge: number
}

/** What counts of the report. */
export type CheckFacts = Pick<CheckReport, 'verdict' | 'reasons' | 'ignored' | 'durationMs'>

/** What is looked at one by one: who cannot see one of them still sees the others. */
export const FACTS = [
  'configuration',
  'check',
  'kured',
  'upgrade',
  'download',
  'hold',
  'lock',
  'health',
  'history',
  'databases',
] as const

export type FactName = (typeof FACTS)[number]

export interface JobFacts {
  job: Job
  isTimed: boolean
  run: RunRecord | undefined
}

/** Of the sync databases, as they were at a look; that takes a simulation by pacman. */
export interface DatabaseFacts {
  /** when they were looked at */
  at: number
  /** when the newest was made, by the server's clock */
  newest: number
  /** whether ignored packages stop the next upgrade, and how many do */
  ignored: IgnoredCheck['verdict']
  blocking: number
}
