import { parse } from 'ini'
import { errorCode, errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { isProperty, KEYS, SECTIONS, type Property } from './keys.ts'
import { quote } from './values.ts'

/** What an administrator can set; see keys.ts. */
export type Config = { [Name in Property]: ReturnType<(typeof KEYS)[Name]['read']> }

/** The administrator's settings. */
export const CONFIG_FILE = '/etc/kured-sentinel.conf'

/** The configuration when nothing is set. */
export const DEFAULTS: Config = parseKeys(new Map())

/**
 * Reads the configuration; without CONFIG_FILE, the defaults.
 *
 * @param file is read instead of CONFIG_FILE, and must exist
 * @throws SentinelError for an unreadable file; with its line for an unknown section or key, or a bad
 * value
 */
export function readConfig(host: Host, file?: string): Config {
  const path = file ?? CONFIG_FILE
  let text: string
  try {
    text = host.readText(path)
  } catch (error) {
    if (file === undefined && errorCode(error) === 'ENOENT') return DEFAULTS
    throw new SentinelError(`the configuration cannot be read: ${errorText(error)}`)
  }
  return parseConfig(text, path)
}

/**
 * Reads a configuration's text.
 *
 * @param file its path, for errors
 * @throws SentinelError as readConfig() does
 */
export function parseConfig(text: string, file: string): Config {
  const values = new Map<Property, string[]>()
  // ini ignores this name.
  if (/^\s*\[?\s*__proto__/m.test(text)) throw new SentinelError(`${file}: unknown key "__proto__"`)
  // Without bracketedArray, a key that is set several times gives all its values.
  const sections: Record<string, unknown> = parse(text.replace(/^\ufeff/, ''), {
    bracketedArray: false,
  })
  const known = [...SECTIONS.keys()].map((name) => `[${name}]`).join(', ')
  for (const [section, keys] of Object.entries(sections)) {
    const fail = (key: string | undefined, problem: string) => {
      const line = lineOf(text, section, key)
      throw new SentinelError(`${file}:${line}: ${problem}`)
    }
    if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) {
      return fail(section, `${quote(section)} is outside any section; sections: ${known}`)
    }
    const properties = SECTIONS.get(section)
    if (properties === undefined) {
      return fail(undefined, `unknown section [${section}]; known: ${known}`)
    }
    for (const [key, value] of Object.entries(keys)) {
      const property = properties.get(key)
      if (property === undefined || (typeof value === 'object' && !Array.isArray(value))) {
        const all = [...properties.keys()].join(', ')
        return fail(key, `unknown key ${quote(key)}; known: ${all}`)
      }
      const read = (Array.isArray(value) ? value : [value]).map(String)
      try {
        KEYS[property].read(read)
      } catch (error) {
        fail(key, `${key}: ${errorText(error)}`)
      }
      values.set(property, read)
    }
  }
  return parseKeys(values)
}

/** Each key's value, from the table. */
function parseKeys(values: ReadonlyMap<Property, string[]>): Config {
  const valueOf = (name: Property) => {
    const set = values.get(name)
    return set === undefined ? KEYS[name].unset : KEYS[name].read(set)
  }
  const entries = Object.keys(KEYS)
    .filter(isProperty)
    .map((name) => [name, valueOf(name)] as const)
  // Each property has the value of its own key, which the type of a loop cannot express.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(entries) as Config
}

/** The last line of a section, or of one of its keys: ini keeps no line numbers. */
function lineOf(text: string, section: string, key: string | undefined): number {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim())
  let inside = ''
  let found = 1
  lines.forEach((line, index) => {
    const header = /^\[(.*)\]/.exec(line)?.[1]
    if (header !== undefined) inside = header
    const isKey = key !== undefined && line.split('=')[0]?.trim() === key
    // ini reads [a.b] as a section b inside a.
    const isSection = header === section || header?.startsWith(`${section}.`)
    if (
      key === undefined
        ? isSection
        : (isKey && (inside === section || inside === '')) || header === `${section}.${key}`
    ) {
      found = index + 1
    }
  })
  return found
}
