/**
 * A property of anything that the API answers: anybody may choose the content.
 *
 * @returns undefined also for null, which the API takes for a field that is not set
 */
export function field(value: unknown, ...names: string[]): unknown {
  return names.reduce(
    (one, name) =>
      typeof one === 'object' && one !== null
        ? (Object.getOwnPropertyDescriptor(one, name)?.value ?? undefined)
        : undefined,
    value,
  )
}

/** A list, or an empty one for anything else. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** The texts in a list. */
export function texts(value: unknown): string[] {
  return list(value).filter((one) => typeof one === 'string')
}

/** A text, or '' for anything else. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A number that is one, or `otherwise` for anything else: no arithmetic goes on with NaN. */
export function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise
}

/** What a field says that is a text or a number, such as "50%" or 1; '' for anything else. */
export function scalar(value: unknown): string {
  return typeof value === 'number' ? String(value) : text(value)
}
