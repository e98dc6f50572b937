/** The commands of the demonstration, as one would type them. */
export type DemoCommand =
  | 'kured-sentinel'
  | 'kured-sentinel status'
  | 'kured-sentinel restart --dry-run'
  | 'pacman -Syu'
  | 'reboot'

export interface DemoOutcome {
  code: number
  /** all that it printed */
  output: string
}

/** A throw-away host. */
export interface Stage {
  /** what it is, for the person who looks on */
  about: string
  /** runs one of the commands on it; undefined where it cannot be shown */
  run: (command: DemoCommand) => Promise<DemoOutcome | undefined>
}

/** The program that is shown, and the Node that runs it. */
export interface Shown {
  /** the program's directory, with bin/ and dist/ */
  directory: string
  node: string
  /** the environment that makes it print in colours, or not */
  colours: Record<string, string>
}
