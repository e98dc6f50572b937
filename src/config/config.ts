import { parse } from 'ini'
import { errorCode, errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { SECTIONS } from './keys.ts'
import { quote } from './values.ts'

/** What an administrator can set; see the README. Durations in ms. */
export interface Config {
  timeout: number
  scanner: 'proc' | 'lsof'
  staleLockAge: number
  /** no reboot is asked for before the host has been up this long; 0 is "at any time" */
  minInterval: number
  /** what a deleted file must be to count: replaced by pacman in this boot, or no more than that */
  count: 'replaced' | 'deleted'
  /** whether replaced executables, loaded modules and microcode count, and people's own sessions */
  executables: boolean
  modules: boolean
  microcode: boolean
  userSlice: boolean
  /** fnmatch patterns of what does not count */
  ignorePaths: string[]
  ignoreCommands: string[]
  ignoreUnits: string[]
  /** fnmatch patterns of units that `restart` leaves alone, and of those it may restart after all */
  restartNever: string[]
  restartAllow: string[]
  /** how long one unit may take to come back */
  restartTimeout: number
  /** how long `reboot` waits for pacman */
  rebootWait: number
  /** whether Kured may have `reboot` called only where the check has asked for it */
  rebootAsked: boolean
  /** file systems that sync databases and cache must be mounted from; none: any will do */
  mountTypes: string[]
  /** whether an upgrade may fetch what the cache lacks */
  allowDownload: boolean
  /** bytes */
  minFree: number
  /** beyond that age of the sync databases there is a warning */
  databaseAge: number
}

/** Where an administrator's settings are. */
export const CONFIG_FILE = '/etc/kured-sentinel.conf'

export const DEFAULTS: Config = {
  timeout: 30_000,
  scanner: 'proc',
  staleLockAge: 3_600_000,
  minInterval: 0,
  count: 'replaced',
  executables: true,
  modules: true,
  microcode: true,
  userSlice: true,
  ignorePaths: [],
  ignoreCommands: [],
  ignoreUnits: [],
  restartNever: [],
  restartAllow: [],
  restartTimeout: 90_000,
  rebootWait: 1_200_000,
  rebootAsked: true,
  mountTypes: [],
  allowDownload: false,
  minFree: 500 * 2 ** 20,
  databaseAge: 7 * 86_400_000,
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

/**
 * Reads a configuration's text.
 *
 * @param file its path, for errors
 * @throws SentinelError as readConfig() does
 */
export function parseConfig(text: string, file: string): Config {
  const config = { ...DEFAULTS }
  // The one name that ini passes over.
  if (/^\s*\[?\s*__proto__/m.test(text)) throw new SentinelError(`${file}: unknown key "__proto__"`)
  // Without bracketedArray a key that stands several times gives all its values.
  const sections: Record<string, unknown> = parse(text.replace(/^\ufeff/, ''), {
    bracketedArray: false,
  })
  const known = Object.keys(SECTIONS)
    .map((name) => `[${name}]`)
    .join(', ')
  for (const [section, keys] of Object.entries(sections)) {
    const fail = (key: string | undefined, problem: string) => {
      const line = lineOf(text, section, key)
      throw new SentinelError(`${file}:${line}: ${problem}`)
    }
    if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) {
      return fail(section, `${quote(section)} stands outside any section; sections: ${known}`)
    }
    const setters = own(SECTIONS, section)
    if (setters === undefined) {
      return fail(undefined, `unknown section [${section}]; known: ${known}`)
    }
    for (const [key, value] of Object.entries(keys)) {
      const set = own(setters, key)
      if (set === undefined || (typeof value === 'object' && !Array.isArray(value))) {
        return fail(key, `unknown key ${quote(key)}; known: ${Object.keys(setters).join(', ')}`)
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

function own<T>(record: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
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
