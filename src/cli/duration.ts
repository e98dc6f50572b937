import { InvalidArgumentError } from 'commander'
import { duration } from '../config/duration.ts'
import { errorText } from '../errors.ts'

/** Reads an option's duration, in ms. */
export function parseDurationOption(text: string): number {
  try {
    return duration(text)
  } catch (error) {
    throw new InvalidArgumentError(errorText(error))
  }
}
