/** The JSON Schemas (draft 2020-12) of what --json prints: one of each command, and one of all. */
import { type CommandName, COMMANDS } from '../../src/envelope/commands.ts'
import { SCHEMA_VERSION, STATES } from '../../src/envelope/envelope.ts'
import {
  type Fields,
  type JsonSchema,
  object,
  objectSchema,
  text,
} from '../../src/envelope/shape.ts'

const DRAFT = 'https://json-schema.org/draft/2020-12/schema'

/** What every envelope has, with its meaning. */
export const ENVELOPE = {
  schemaVersion: 'of this envelope: it rises when a key goes, or gets another meaning',
  command: 'with its subcommand',
  host: 'the name of the host that was looked at; null where it has none',
  at: 'when it was looked at, by the host’s clock, ISO 8601',
  verdict: 'the answer in one word, by the command; "error" when it failed',
  exitCode: 'of the process',
  findings: 'what was found, in the order of the command',
  details: 'all else, by the command; null when it failed',
} as const

export const FINDING = {
  kind: 'what it is about, in one word',
  state: 'how it bears on what was asked; there are no other words',
  message: 'in one line, for a person',
  advice: 'what to do; null where nothing is, or where the message says it',
  fields: 'the same and more as data, by the command',
} as const

/** Of the fields of a failure's finding. */
const FAILURE_FIELDS = { causes: { schema: { type: 'array', items: text().schema } } } as const

interface Part {
  command: JsonSchema
  verdict: JsonSchema
  kind: JsonSchema
  fields: JsonSchema
  details: JsonSchema
}

function envelopeOf({ command, verdict, kind, fields, details }: Part, isTold = false): JsonSchema {
  const finding = keysOf(isTold ? FINDING : {}, {
    kind,
    state: { type: 'string', enum: Object.keys(STATES) },
    message: { type: 'string' },
    advice: { type: ['string', 'null'] },
    fields,
  })
  return keysOf(isTold ? ENVELOPE : {}, {
    schemaVersion: { const: SCHEMA_VERSION },
    command,
    host: { type: ['string', 'null'] },
    at: { type: 'string' },
    verdict,
    exitCode: { type: 'integer' },
    findings: { type: 'array', items: finding },
    details,
  })
}

/** An object with all these keys, and what is told of them. */
function keysOf<K extends string>(
  about: { readonly [_ in K]?: string },
  schemas: Readonly<Record<K, JsonSchema>>,
): JsonSchema {
  const fields: Fields = Object.fromEntries(
    Object.entries<JsonSchema>(schemas).map(([name, schema]) => {
      const description: unknown = Reflect.get(about, name)
      const isText = typeof description === 'string'
      return [name, { schema: isText ? { ...schema, description } : schema }]
    }),
  )
  return objectSchema(fields)
}

/** Of whatever command. */
export function envelopeSchema(): JsonSchema & { $schema: string; title: string } {
  const any: Part = {
    command: { type: 'string' },
    verdict: { type: 'string' },
    kind: { type: 'string' },
    fields: { type: 'object', additionalProperties: true },
    details: { type: ['object', 'null'], additionalProperties: true },
  }
  const schema = envelopeOf(any, true)
  return { $schema: DRAFT, title: 'kured-sentinel … --json', ...schema }
}

/** Of one command: of its answer, or of its failure. What all have in common is told in envelope.json alone. */
export function commandSchema(name: CommandName): JsonSchema & { $schema: string; title: string } {
  const { verdicts, kinds, fields, details } = COMMANDS[name]
  const command = { const: name }
  const answer = envelopeOf({
    command,
    verdict: { type: 'string', enum: Object.keys(verdicts) },
    kind: { type: 'string', ...(kinds && { enum: kinds }) },
    fields: objectSchema(fields),
    details: objectSchema(details),
  })
  const failure = envelopeOf({
    command,
    verdict: { const: 'error' },
    kind: { type: 'string', enum: ['usage', 'error', 'fault'] },
    fields: object(FAILURE_FIELDS).schema,
    details: { type: 'null' },
  })
  return { $schema: DRAFT, title: `kured-sentinel ${name} --json`, anyOf: [answer, failure] }
}

/** The files, by name. */
export function schemaFiles(): Map<string, JsonSchema> {
  const names = Object.keys(COMMANDS).filter(isCommandName)
  return new Map<string, JsonSchema>([
    ['envelope.json', envelopeSchema()],
    ...names.map((name) => [`${name.replaceAll(' ', '-')}.json`, commandSchema(name)] as const),
  ])
}

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name)
}
