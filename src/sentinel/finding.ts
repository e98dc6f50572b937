/**
 * What a finding does to the verdict: `reboot` asks for one; `attention` means that something could
 * not be seen, so no answer is sure; `busy` that pacman is at work, so the question comes too
 * early; `held` that no reboot is wanted yet; `none` that it does not count, and `why` says why.
 */
export type Effect = 'reboot' | 'attention' | 'busy' | 'held' | 'none'

/** One thing seen on the host, as data. Wording beyond `message` and colour belong to the output. */
export interface Finding {
  kind:
    | 'library'
    | 'executable'
    | 'kernel'
    | 'module'
    | 'microcode'
    | 'lock'
    | 'unreadable'
    | 'hold'
    | 'interval'
  effect: Effect
  message: string
  why?: string
  pid?: number
  command?: string
  unit?: string
  path?: string
  /** whether pacman has replaced this file, or installed this kernel, in this boot */
  byPacman?: boolean
  /** the running kernel, and the one that is installed: its release, and its package's name */
  running?: string
  installed?: string
  package?: string
  /** the package's version and, in seconds since 1970, when it was installed */
  version?: string
  installedAt?: string
  /** the boot in which a reboot was already asked for because of it */
  askedIn?: string
}

/** Something that could not be read, which makes the whole answer unsure. */
export function unreadable(message: string, more: Partial<Finding> = {}): Finding {
  return { kind: 'unreadable', effect: 'attention', message, ...more }
}

/** The same finding, no longer counted. */
export function ignore(finding: Finding, why: string): Finding {
  return { ...finding, effect: 'none', why }
}
