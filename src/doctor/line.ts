import type { Config } from '../config/config.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { Diagnosis } from '../text/diagnosis.ts'

export { ok, unknown, warning, wrong } from '../text/diagnosis.ts'

/** A line without its area, which is the check's. */
export type DoctorFinding = Diagnosis

/** A finding with the area of its check. */
export interface DoctorLine extends Diagnosis {
  area: string
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
