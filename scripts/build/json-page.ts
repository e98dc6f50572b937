/** docs/json.md, made of the schemas. */
import { type CommandName, COMMANDS } from '../../src/envelope/commands.ts'
import { STATES } from '../../src/envelope/envelope.ts'
import type { Fields, JsonSchema } from '../../src/envelope/shape.ts'
import { ENVELOPE, FINDING, isCommandName } from './schemas.ts'

const HEAD = `# What --json prints

Each command with \`--json\` prints one JSON object on stdout, of the same shape, also where it fails and where the command line is wrong. What a person should read is on stderr. The exit code is that of [the table](commands.md#exit-codes), with \`--json\` or without. Nothing on stdout means that the program could not start, or that nobody read.

The package has a JSON Schema (draft 2020-12) of each in /usr/share/kured-sentinel/schemas, such as check.json and units-install.json, and envelope.json for whatever command. Within one \`schemaVersion\` keys may come, and none goes or gets another meaning. This page is made of the schemas: \`npm run json-page\` writes it anew.

\`\`\`sh
kured-sentinel doctor --json | jq -r '.findings[] | select(.state == "wrong") | .message, .advice'
kured-sentinel check --json | jq -r '.findings[] | select(.fields.counts) | .message'
\`\`\`
`

/** Which of a command's own words stands behind a state. */
const WORDS = [
  ['ok', '', 'ok', '', 'ok'],
  ['note', 'none', '', 'hint', ''],
  ['due', 'reboot', '', '', ''],
  ['waiting', 'busy, held', '', '', 'skip'],
  ['unknown', 'attention, of the kind unreadable', 'unknown', '', ''],
  ['warning', '', 'warning', 'warning', 'warning'],
  ['wrong', 'attention', 'wrong', 'blocks', 'act'],
]

/** The page, before prettier has put its tables in order. */
export function jsonPage(): string {
  return [
    HEAD,
    '## The envelope\n',
    table(['key', 'what it is'], rowsOf(ENVELOPE)),
    'Each finding:\n',
    table(['key', 'what it is'], rowsOf(FINDING)),
    'The states, from the best to the worst:\n',
    table(['state', 'means'], rowsOf(STATES)),
    'Where a command has words of its own, in `fields` or as a person reads them, they are these:\n',
    table(['state', 'check, status: `effect`', 'doctor', 'cluster: `level`', 'preflight'], WORDS),
    'A failure has the verdict `error`, and one finding of that state, whose `kind` is `usage` (the command line is wrong), `error` or `fault` (a bug of this program), and whose `fields` have `causes`, from the outermost.\n',
    ...namesAlike().flatMap(([names, name]) => sectionOf(names, name)),
  ].join('\n')
}

/** Commands that print the same are told of once. */
function namesAlike(): [string[], CommandName][] {
  const groups = new Map<object, [string[], CommandName]>()
  for (const name of Object.keys(COMMANDS).filter(isCommandName)) {
    const shape = COMMANDS[name]
    const key = [...groups.keys()].find((one) => JSON.stringify(one) === JSON.stringify(shape))
    const group = key === undefined ? undefined : groups.get(key)
    if (group === undefined) groups.set(shape, [[name], name])
    else group[0].push(name)
  }
  return [...groups.values()]
}

function sectionOf(names: readonly string[], name: CommandName): string[] {
  const { verdicts, kinds, fields, details } = COMMANDS[name]
  return [
    `## ${names.join(', ')}\n`,
    table(['verdict', 'means'], rowsOf(verdicts)),
    ...(kinds === undefined
      ? []
      : [`Its findings have the kinds ${kinds.map(quote).join(', ')}.\n`]),
    ...listing('in `fields` of a finding', fields),
    ...listing('in `details`', details),
  ]
}

const quote = (word: string) => `\`${word}\``

function listing(heading: string, fields: Fields): string[] {
  const rows = Object.entries(fields).flatMap(([name, shape]) => {
    return keysOf(name, shape.schema, 'optional' in shape)
  })
  return rows.length === 0 ? [] : [table([heading, 'type', 'what it is'], rows)]
}

/** A row for a key, and for each below it. */
function keysOf(path: string, schema: JsonSchema, isOptional: boolean): string[][] {
  const { description = '', properties = {}, required = [], items, anyOf = [] } = schema
  const own = [`\`${path}\``, typeOf(schema) + (isOptional ? ', or missing' : ''), description]
  const inner = items?.properties ?? properties
  const wanted = items?.required ?? required
  const below = (prefix: string, schemas: typeof inner, names: readonly string[]) =>
    Object.entries(schemas).flatMap(([name, one]) => {
      return keysOf(`${prefix}.${name}`, one, !names.includes(name))
    })
  return [
    own,
    ...below(items === undefined ? path : `${path}[]`, inner, wanted),
    ...anyOf.flatMap((one) => below(path, one.properties ?? {}, one.required ?? [])),
  ]
}

function typeOf({ type, enum: words, items, anyOf }: JsonSchema): string {
  if (anyOf !== undefined) return anyOf.map(typeOf).join(', or ')
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(', ')
  const names = [type ?? []].flat()
  if (items !== undefined) return `list of ${items.enum ? 'words' : typeOf(items)}`
  return names.join(' or ')
}

function rowsOf(about: Readonly<Record<string, string>>): string[][] {
  return Object.entries(about).map(([name, text]) => [`\`${name}\``, text])
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line), ''].join('\n')
}
