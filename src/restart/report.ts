import type { Finding } from '../sentinel/finding.ts'
import type { Refusal } from './refusal.ts'
import type { Gone } from './stale-process.ts'
import type { UnitProcess } from '../proc/process.ts'

/** The unit of PID 1, which is not restarted but re-executed. */
export const MANAGER = 'init.scope'
export const SYSTEMD = { pid: 1, command: 'systemd' }

export interface Restarted {
  unit: string
  /** those that ran old code; none when systemd restarted the unit only because of another */
  processes: Pick<UnitProcess, 'pid' | 'command'>[]
  /** the unit together with which systemd restarted this one */
  with?: string
  /** what the restart brings along, in words */
  notes?: string[]
}

export interface Failed {
  unit: string
  why: string
  /** its final state in systemd's terms, if systemd answered */
  activeState?: string
  subState?: string
  result?: string
  execMainStatus?: string
}

export interface Refused extends Refusal {
  unit?: string
  processes: Pick<UnitProcess, 'pid' | 'command'>[]
}

/** Old code that still runs in the end, and what clears it. */
export type StillStale = Omit<Finding, 'effect'> & Pick<Refusal, 'clears'>

export interface RestartReport {
  /** nothing was done: `restarted` lists what would be restarted */
  dryRun: boolean
  failed: Failed[]
  restarted: Restarted[]
  refused: Refused[]
  gone: Gone[]
  /** empty in a dry run, which looks only once */
  stillStale: StillStale[]
  /** processes and files that could not be read: there may be more old code */
  unseen: Omit<Finding, 'effect'>[]
}
