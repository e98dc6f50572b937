import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import type { Answer, CommandName } from '../envelope/commands.ts'
import { duration } from '../text/duration.ts'
import { errorText } from '../errors.ts'

/** Called with the command that ran, and what it has come to: with its exit code alone only where it has no --json. */
export interface OnEnd {
  <C extends CommandName>(command: C, answer: Answer<C>): void
  (command: 'demo' | 'metrics', exitCode: number): void
}

/** The example at the end of a command's help. */
export function example(words: string): string {
  return `\nExample:\n  kured-sentinel ${words}`
}

/** Reads an option's duration, in ms. */
export function parseDurationOption(text: string): number {
  try {
    return duration(text)
  } catch (error) {
    throw new InvalidArgumentError(errorText(error))
  }
}

/** Reads --root, from the caller's directory. An unset shell variable makes it empty, which would mean this host. */
export function parseRootOption(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty; leave it out for this host.')
  return resolve(text)
}

/** Reads a path, from the caller's directory: the programs that are told it run in /. */
export function parsePathOption(text: string): string {
  return resolve(text)
}
