/** The two jobs that the timers start, by the names of their units: pacman-upgrade, pacman-cache-update. */
export type Job = 'upgrade' | 'download'

export const UNITS: Record<Job, string> = {
  upgrade: 'pacman-upgrade.service',
  download: 'pacman-cache-update.service',
}

/** How a job ended. pacman's exit code does not tell: a failed hook, and a missing database, are 0. */
export type Outcome = 'completed' | 'nothing-to-do' | 'skipped' | 'interrupted' | 'failed'

/** What `record` keeps of a job's last run, as the state "run-upgrade" or "run-download". */
export interface RunRecord {
  job: Job
  outcome: Outcome
  /** in one line, for a person: why it was skipped, what failed */
  reason: string
  /** hooks and scriptlets that failed, in pacman's words; the transaction goes on without them */
  problems: string[]
  /** how many packages were installed, upgraded, or removed; for a download, fetched is not known */
  packages: number
  /** by the host's clock, ISO 8601 */
  startedAt?: string
  endedAt: string
  bootId: string
}
