/** A pacman.conf with all that it includes, as data. */

/** A place in a file: its path as pacman names it, and the line, counted from 1. */
export interface ConfPlace {
  file: string
  line: number
}

/** A `key = value` line; the value is undefined where there is no `=`. Include is one as well. */
export interface ConfDirective extends ConfPlace {
  /** the section pacman is in at this line; '' before the first */
  section: string
  key: string
  value: string | undefined
}

/** A `[name]` line. */
export interface ConfSection extends ConfPlace {
  name: string
}

/** A line that pacman refuses, or reads differently than a person would. */
export interface ConfProblem extends ConfPlace {
  message: string
  /** pacman stops here with an error; otherwise it continues, at best with a warning */
  fatal: boolean
}

export interface PacmanConf {
  directives: ConfDirective[]
  sections: ConfSection[]
  problems: ConfProblem[]
  /** all files that were read, included ones too */
  files: string[]
}

/** An entry of a list such as IgnorePkg. */
export interface ConfEntry extends ConfPlace {
  name: string
}
