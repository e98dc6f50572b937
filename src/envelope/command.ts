import type { Fields } from './shape.ts'

/** What a command's --json has beside what all have. */
export interface CommandShape<V extends string, F extends Fields, D extends Fields> {
  /** its verdicts with their meaning */
  verdicts: Readonly<Record<V, string>>
  /** the words for what its findings are about, where they are closed */
  kinds?: readonly string[]
  /** of its findings */
  fields: F
  details: D
}

/** Keeps the types of a shape for the compiler. */
export function command<V extends string, F extends Fields, D extends Fields>(
  shape: CommandShape<V, F, D>,
): CommandShape<V, F, D> {
  return shape
}
