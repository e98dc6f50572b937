import type { Finding } from '../sentinel/finding.ts'
import type { Refusal } from './refusal.ts'
import type { Gone } from './stale-process.ts'
import type { UnitProcess } from '../proc/process.ts'

/** PID 1 itself, by the unit that it is in. It is not restarted, but executed again. */
export const MANAGER = 'init.scope'
export const SYSTEMD = { pid: 1, command: 'systemd' }

export interface Restarted {
  unit: string
  /** those that ran old code; none where systemd restarted the unit along with another */
  processes: Pick<UnitProcess, 'pid' | 'command'>[]
  /** the unit that took this one along */
  with?: string
}

export interface Failed {
  unit: string
  why: string
  /** its state in the end, in systemd's words, where that could be asked */
  activeState?: string
  subState?: string
  result?: string
  execMainStatus?: string
}

export interface Refused extends Refusal {
  unit?: string
  processes: Pick<UnitProcess, 'pid' | 'command'>[]
}

/** What still runs old code in the end, and what clears that. */
export type StillStale = Omit<Finding, 'effect'> & Pick<Refusal, 'clears'>

export interface RestartReport {
  /** nothing was done: `restarted` is what would have been */
  dryRun: boolean
  failed: Failed[]
  restarted: Restarted[]
  refused: Refused[]
  gone: Gone[]
  /** empty in a dry run, which looks once only */
  stillStale: StillStale[]
  /** what could not be seen, which may run old code as well */
  unseen: Omit<Finding, 'effect'>[]
}
