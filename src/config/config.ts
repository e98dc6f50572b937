import { parse } from 'ini'
import { errorCode, errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { duration } from './duration.ts'

/** What an administrator can set; see the README. Durations in ms. */
export interface Config {
  timeout: number
  scanner: 'proc' | 'lsof'
  staleLockAge: number
  /** whether a replaced executable counts, and whether people's own sessions do */
  executables: boolean
  userSlice: boolean
  /** fnmatch patterns of what does not count */
  ignorePaths: string[]
  ignoreCommands: string[]
  ignoreUnits: string[]
}

const CONFIG_FILE = '/etc/kured-sentinel.conf'

export const DEFAULTS: Config = {
  timeout: 30_000,
  scanner: 'proc',
  staleLockAge: 3_600_000,
  executables: true,
  userSlice: true,
  ignorePaths: [],
  ignoreCommands: [],
  ignoreUnits: [],
}

/** Each key of [sentinel], and how its values (one for each time it stands there) are taken. */
const KEYS: Record<string, (config: Config, values: string[]) => void> = {
  timeout: (config, values) => (config.timeout = duration(single(values))),
  scanner: (config, values) => (config.scanner = scannerName(single(values))),
  'stale-lock-age': (config, values) => (config.staleLockAge = duration(single(values))),
  executables: (config, values) => (config.executables = yesNo(single(values))),
  'user-slice': (config, values) => (config.userSlice = yesNo(single(values))),
  'ignore-path': (config, values) => (config.ignorePaths = values.map(filled)),
  'ignore-command': (config, values) => (config.ignoreCommands = values.map(filled)),
  'ignore-unit': (config, values) => (config.ignoreUnits = values.map(filled)),
}

/**
 * Reads the configuration. A missing default file is fine; a missing file that was asked for, an
 * unknown section or key, and a bad value are a SentinelError that names the file and the line.
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

export function parseConfig(text: string, file: string): Config {
  const config = { ...DEFAULTS }
  // The one name that ini passes over.
  if (/^\s*\[?\s*__proto__/m.test(text)) throw new SentinelError(`${file}: unknown key "__proto__"`)
  // Without bracketedArray a key that stands several times gives all its values.
  const sections: Record<string, unknown> = parse(text.replace(/^\ufeff/, ''), {
    bracketedArray: false,
  })
  for (const [section, keys] of Object.entries(sections)) {
    const fail = (key: string | undefined, problem: string) => {
      const line = lineOf(text, section, key)
      throw new SentinelError(`${file}:${line}: ${problem}`)
    }
    if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) {
      return fail(section, `${quote(section)} stands outside any section; sections: [sentinel]`)
    }
    if (section !== 'sentinel')
      return fail(undefined, `unknown section [${section}]; known: [sentinel]`)
    for (const [key, value] of Object.entries(keys)) {
      const set = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined
      if (set === undefined || (typeof value === 'object' && !Array.isArray(value))) {
        return fail(key, `unknown key ${quote(key)}; known: ${Object.keys(KEYS).join(', ')}`)
      }
      try {
        set(config, (Array.isArray(value) ? value : [value]).map(String))
      } catch (error) {
        fail(key, `${key}: ${errorText(error)}`)
      }
    }
  }
  return config
}

/** The scanner of that name. Throws SentinelError for any other. */
function scannerName(text: string): Config['scanner'] {
  if (text === 'proc' || text === 'lsof') return text
  throw new SentinelError(`${quote(text)} is no scanner: proc or lsof`)
}

function yesNo(text: string): boolean {
  if (text === 'yes' || text === 'true') return true
  if (text === 'no' || text === 'false') return false
  throw new SentinelError(`${quote(text)} is neither yes nor no`)
}

function single(values: string[]): string {
  const [value] = values
  if (value === undefined || values.length > 1) throw new SentinelError('stands more than once')
  return value
}

function filled(value: string): string {
  if (value === '' || value === 'true') throw new SentinelError('needs a pattern')
  return value
}

function quote(text: string): string {
  return JSON.stringify(text)
}

/** Where a section or one of its keys stands last: ini keeps no lines. */
function lineOf(text: string, section: string, key: string | undefined): number {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim())
  let inside = ''
  let found = 1
  lines.forEach((line, index) => {
    const header = /^\[(.*)\]/.exec(line)?.[1]
    if (header !== undefined) inside = header
    const isKey = key !== undefined && line.split('=')[0]?.trim() === key
    // ini takes [a.b] for a section b inside a.
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
