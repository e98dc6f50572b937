import type { Config } from '../config/config.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'

/** warning: this host takes part, but with a flaw. wrong: it does not, or not for long. */
export type DoctorState = 'ok' | 'warning' | 'wrong'

/** A finding, and what to do about it. */
export interface DoctorLine {
  area: string
  state: DoctorState
  message: string
  /** a command, or a sentence that begins in lower case */
  advice?: string
}

/** What a check may use. A check only reads, and changes nothing on the host. */
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
 * A group of checks. An error that it throws becomes a line, so it never stops the others. Anything
 * that may hang is asked through a program that can be killed, within the deadline.
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
