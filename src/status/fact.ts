import { errorText } from '../errors.ts'

/** A fact that could not be had, with why. */
export interface UnknownFact {
  unknown: string
}

/** A fact, or why it is not known: a person is told the others all the same. */
export type Fact<T> = T | UnknownFact

export function asFact<T>(read: () => T): Fact<T> {
  try {
    return read()
  } catch (error) {
    return { unknown: errorText(error) }
  }
}

export function isUnknown(fact: object): fact is UnknownFact {
  return 'unknown' in fact
}
