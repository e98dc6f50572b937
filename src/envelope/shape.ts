/** A description of JSON, from which both its JSON Schema and its type are made. */

/** The part of JSON Schema (draft 2020-12) that shapes use. */
export interface JsonSchema {
  description?: string
  type?: string | readonly string[]
  const?: string | number
  enum?: readonly (string | null)[]
  items?: JsonSchema
  properties?: Readonly<Record<string, JsonSchema>>
  required?: readonly string[]
  /** the program adds no keys to these but those of a later version: see closed() in the tests */
  additionalProperties?: JsonSchema | boolean
  anyOf?: readonly JsonSchema[]
}

/** T stands in it for the compiler alone. */
export interface Shape<T> {
  schema: JsonSchema
  readonly type?: T
}

interface OptionalShape<T> extends Shape<T> {
  optional: true
}

type TypeOf<S> = S extends Shape<infer T> ? T : never

export type Fields = Readonly<Record<string, Shape<unknown>>>

/** The type of an object with these fields. */
export type ObjectOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends OptionalShape<unknown> ? never : K]: TypeOf<F[K]>
} & {
  readonly [K in keyof F as F[K] extends OptionalShape<unknown> ? K : never]?:
    TypeOf<F[K]> | undefined
}

const described = (description: string | undefined) => ({ ...(description && { description }) })

export function text(description?: string): Shape<string> {
  return { schema: { type: 'string', ...described(description) } }
}

/** A moment, by the host's clock unless told otherwise. */
export function moment(description?: string): Shape<string> {
  return text([description, 'ISO 8601'].filter(Boolean).join('; '))
}

/** A whole number. */
export function whole(description?: string): Shape<number> {
  return { schema: { type: 'integer', ...described(description) } }
}

export function fraction(description?: string): Shape<number> {
  return { schema: { type: 'number', ...described(description) } }
}

export function flag(description?: string): Shape<boolean> {
  return { schema: { type: 'boolean', ...described(description) } }
}

export function oneOf<const W extends readonly string[]>(
  words: W,
  description?: string,
): Shape<W[number]> {
  return { schema: { type: 'string', enum: words, ...described(description) } }
}

export function listOf<T>(item: Shape<T>, description?: string): Shape<readonly T[]> {
  return { schema: { type: 'array', items: item.schema, ...described(description) } }
}

export function object<F extends Fields>(fields: F, description?: string): Shape<ObjectOf<F>> {
  return { schema: { ...objectSchema(fields), ...described(description) } }
}

/** An object with more keys than these. */
export function open<F extends Fields>(fields: F, description?: string): Shape<ObjectOf<F>> {
  const { schema } = object(fields, description)
  return { schema: { ...schema, additionalProperties: true } }
}

export function optional<T>(shape: Shape<T>): OptionalShape<T> {
  return { schema: shape.schema, optional: true }
}

export function either<A, B>(a: Shape<A>, b: Shape<B>, description?: string): Shape<A | B> {
  return { schema: { anyOf: [a.schema, b.schema], ...described(description) } }
}

export function orNull<T>({ schema }: Shape<T>): Shape<T | null> {
  const { type, enum: words, anyOf, ...rest } = schema
  if (anyOf !== undefined) return { schema: { ...rest, anyOf: [...anyOf, { type: 'null' }] } }
  const withNull = words === undefined ? {} : { enum: [...words, null] }
  return { schema: { ...rest, type: [...[type ?? []].flat(), 'null'], ...withNull } }
}

export function objectSchema(fields: Fields): JsonSchema {
  const entries = Object.entries(fields)
  const required = entries.filter(([, shape]) => !('optional' in shape)).map(([name]) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
    ...(required.length > 0 && { required }),
  }
}
