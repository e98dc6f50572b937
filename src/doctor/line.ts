import type { Config } from '../config/config.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'

/** warning: this host takes part, but not as it could. wrong: it does not, or will not for long. */
export type State = 'ok' | 'warning' | 'wrong'

/** One thing that was looked at, and what to do where it is not as it should be. */
export interface Line {
  area: string
  state: State
  message: string
  /** a command, or a sentence that begins in lower case */
  advice?: string
}

/** What a check may use. It only reads, and changes nothing on the host. */
export interface Place {
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
export interface Check {
  /** the first word of its lines, and what the progress line shows */
  area: string
  look: (place: Place) => Said[] | Promise<Said[]>
}

/** A line without its area, which is the check's. */
export type Said = Omit<Line, 'area'>

export function ok(message: string): Said {
  return { state: 'ok', message }
}

export function warning(message: string, advice?: string): Said {
  return { state: 'warning', message, ...(advice !== undefined && { advice }) }
}

export function wrong(message: string, advice?: string): Said {
  return { state: 'wrong', message, ...(advice !== undefined && { advice }) }
}
