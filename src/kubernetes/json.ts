/** A property of anything that the API answers: anybody may choose the content. */
export function field(value: unknown, ...names: string[]): unknown {
  return names.reduce(
    (one, name) =>
      typeof one === 'object' && one !== null
        ? Object.getOwnPropertyDescriptor(one, name)?.value
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
