import type { Config } from '../config/config.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'

/** warning: this host takes part, but not as it could. wrong: it does not, or will not for long. */
export type DoctorState = 'ok' | 'warning' | 'wrong'

/** One thing that was looked at, and what to do where it is not as it should be. */
export interface DoctorLine {
  area: string
  state: DoctorState
  message: string
  /** a command, or a sentence that begins in lower case */
  advice?: string
}

/** What a check may use. It only reads, and changes nothing on the host. */
export interface DoctorContext {
  /** this machine, unless a test says otherwise */
  host: Host
  config: Config
  /** pacman's databases */
  dbPath: string
  isRoot: boolean
  deadline: Deadline
}

/**
 * A group of checks. What it throws becomes a line of its own, so that it never stops the others;
 * whatever may wait is asked through a program that can be killed, within the deadline.
 */
export interface DoctorCheck {
  /** the first word of its lines, and what the progress line shows */
  area: string
  look: (place: DoctorContext) => DoctorFinding[] | Promise<DoctorFinding[]>
}

/** A line without its area, which is the check's. */
export type DoctorFinding = Omit<DoctorLine, 'area'>

export function ok(message: string): DoctorFinding {
  return { state: 'ok', message }
}

export function warning(message: string, advice?: string): DoctorFinding {
  return { state: 'warning', message, ...(advice !== undefined && { advice }) }
}

export function wrong(message: string, advice?: string): DoctorFinding {
  return { state: 'wrong', message, ...(advice !== undefined && { advice }) }
}
