/** Says whether a value that was read from the file is a T. */
export type Guard<T> = (value: unknown) => value is T

/** What an object has whose fields these guards accept. */
export type Shaped<G> = { [Field in keyof G]: G[Field] extends Guard<infer T> ? T : never }

export const text = (value: unknown): value is string => typeof value === 'string'

export const whole = (value: unknown): value is number => Number.isSafeInteger(value)

export function oneOf<const T extends string>(...words: readonly T[]): Guard<T> {
  return (value): value is T => words.some((word) => word === value)
}

export function listOf<T>(guard: Guard<T>): Guard<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(guard)
}

/** An object with these fields, and perhaps others. */
export function shape<const G extends Record<string, Guard<unknown>>>(guards: G): Guard<Shaped<G>> {
  return (value): value is Shaped<G> => {
    if (typeof value !== 'object' || value === null) return false
    return Object.entries(guards).every(([field, guard]) => guard(Reflect.get(value, field)))
  }
}
