import type { ProgramResult } from '../host/program.ts'

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

/** What a program printed, and how it ended. */
export function outcomeOf({ exitCode, stdout, stderr }: ProgramResult): DemoOutcome {
  return { code: exitCode ?? -1, output: stdout.toString() + stderr }
}

/** A throw-away host. */
export interface Stage {
  /** what it is, for the person who looks on */
  about: string
  /** runs one of the commands on it; undefined where it cannot be shown */
  run: (command: DemoCommand) => Promise<DemoOutcome | undefined>
}

/** What a command is run with: the bare check is Kured's, and Kured passes its own environment on. */
export function environmentOf(command: DemoCommand, { terminal }: Shown): Record<string, string> {
  return command === 'kured-sentinel' ? { ...terminal, KURED_NODE_ID: 'demo' } : terminal
}

/** The program that is shown, and the Node that runs it. */
export interface Shown {
  /** the program's directory, with bin/ and dist/ */
  directory: string
  node: string
  /** the environment that makes it print as on this terminal: in colours or not, and how wide */
  terminal: Record<string, string>
}
