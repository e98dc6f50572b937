import { InvalidArgumentError } from 'commander'
import { duration } from '../text/duration.ts'
import { errorText } from '../errors.ts'

/** Is told which command ran, and its exit code. */
export type OnEnd = (command: string, exitCode: number) => void

/** How a command's help ends. */
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

/** Reads --root. Empty is what an unset variable leaves; it would be this host itself. */
export function parseRootOption(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty; this host itself is the default.')
  return text
}
