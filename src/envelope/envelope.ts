/**
 * What --json prints, of each command: docs/json.md is made from it. A key that is added leaves the
 * version as it is; one that goes, or gets another meaning, raises it.
 */
export const SCHEMA_VERSION = 1

/** How a finding bears on what the command was asked, from the best to the worst. Closed: no command has others. */
export const STATES = {
  ok: 'it is as it should be, or was done',
  note: 'worth knowing, and counts for nothing',
  due: 'something is to be done, if nothing else speaks against it: a reason for a reboot, what a dry run would change',
  waiting:
    'something has to wait, and goes on by itself: pacman at work, a hold, a run that is skipped',
  unknown: 'could not be seen, so nobody can say that it is well',
  warning: 'it works, but with a flaw, or not as it may be meant',
  wrong: 'a person must act',
  error: 'the command itself failed: what it was asked is not known, or not done',
} as const

export type State = keyof typeof STATES

/** One thing that a command has found. */
export interface EnvelopeFinding<F = object> {
  /** what it is about, in one word */
  kind: string
  state: State
  /** in one line, for a person */
  message: string
  /** what to do: a command, or a sentence that begins in lower case; null where nothing is, or where the message has it */
  advice: string | null
  /** the same and more as data, by the command */
  fields: F
}

/** The outcome of a command, from which the envelope is made. */
export interface CommandOutcome<V extends string, F, D> {
  verdict: V
  /** of the process */
  exitCode: number
  findings: readonly EnvelopeFinding<F>[]
  details: D
  /** when it was found out, ISO 8601; else it is the moment of printing */
  at?: string
  /** what an error says, if this cannot be printed although something was changed */
  untold?: string | undefined
}

/** A finding without anything beside its words. */
export function plainFinding(
  state: State,
  kind: string,
  message: string,
  advice: string | null = null,
): EnvelopeFinding {
  return { kind, state, message, advice, fields: {} }
}
