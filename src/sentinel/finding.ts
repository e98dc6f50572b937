/**
 * The effect of a finding on the verdict. `reboot`: a reason for one. `attention`: something could not
 * be seen, so no answer is certain. `busy`: pacman is at work, ask again later. `held`: a hold, or
 * min-interval. `none`: does not count, for the reason in `why`.
 */
export type Effect = 'reboot' | 'attention' | 'busy' | 'held' | 'none'

/** A fact of the host that matters to the verdict, as data. */
export interface Finding {
  kind:
    | 'library'
    | 'executable'
    | 'kernel'
    | 'module'
    | 'microcode'
    | 'request'
    | 'lock'
    | 'unreadable'
    | 'hold'
    | 'interval'
    | 'health'
    | 'unfinished'
    | 'boot'
    | 'fleet'
  effect: Effect
  message: string
  /** what clears it, or what a person does about it: a command, or words that begin in lower case */
  remedy?: string
  why?: string
  pid?: number
  command?: string
  unit?: string
  path?: string
  /** whether pacman has replaced this file, or installed this kernel, in this boot */
  byPacman?: boolean
  /** releases of the running and of the installed kernel, and the package of the latter */
  running?: string
  installed?: string
  package?: string
  /** the package's version and, in seconds since 1970, when it was installed */
  version?: string
  installedAt?: string
  /** the boot in which a reboot was requested for it already */
  askedIn?: string
}

/** A finding for what could not be read: no answer is certain. */
export function unreadable(message: string, more: Partial<Finding> = {}): Finding {
  return { kind: 'unreadable', effect: 'attention', message, ...more }
}

/** A finding's message with what to do, in one line. */
export function spoken({ message, remedy }: Pick<Finding, 'message' | 'remedy'>): string {
  return remedy === undefined ? message : `${message}. To do: ${remedy}`
}

/** The same finding, not counted. */
export function ignore(finding: Finding, why: string): Finding {
  return { ...finding, effect: 'none', why }
}
