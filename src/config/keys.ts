import { duration } from '../text/duration.ts'
import { size } from '../text/size.ts'
import { oneOf, patterns, single, wordList, yesNo } from './values.ts'

/** A key of the configuration: all that is known of it stands here, once. */
interface Key<T> {
  section: 'sentinel' | 'upgrade' | 'restart' | 'reboot'
  name: string
  /** Reads its values, one for each time it stands there. Throws SentinelError for a bad one. */
  read: (values: string[]) => T
  /** the value where it is not set */
  unset: T
  /** how the sample file shows it: the default's text, or an example where there is no default */
  shown: string
  isExample: boolean
  /** for the sample file */
  about: string
}

type Reader<T> = (values: string[]) => T

function withDefault<T>(read: Reader<T>, text: string) {
  return { read, unset: read([text]), shown: text, isExample: false }
}

function withExample<T>(read: Reader<T>, unset: T, example: string) {
  return { read, unset, shown: example, isExample: true }
}

const lasting = (values: string[]): number => duration(single(values))
const bytes = (values: string[]): number => size(single(values))

/** How the sample file says what may be set, in its own order. Durations in ms, sizes in bytes. */
export const KEYS = {
  timeout: {
    section: 'sentinel',
    name: 'timeout',
    ...withDefault(lasting, '30s'),
    about: 'How long a check may take.',
  },
  scanner: {
    section: 'sentinel',
    name: 'scanner',
    ...withDefault((values) => oneOf(['proc', 'lsof'], values), 'proc'),
    about: 'How to look at processes: proc, or lsof.',
  },
  staleLockAge: {
    section: 'sentinel',
    name: 'stale-lock-age',
    ...withDefault(lasting, '1h'),
    about:
      'A lock of pacman that nobody has open is stale, and a person must look, when it is older than this, or than this boot.',
  },
  minInterval: {
    section: 'sentinel',
    name: 'min-interval',
    ...withExample(lasting, 0, '6h'),
    about:
      'No reboot is asked for sooner than this after a boot, by uptime; at any time unless set.',
  },
  count: {
    section: 'sentinel',
    name: 'count',
    ...withDefault((values) => oneOf(['replaced', 'deleted'], values), 'replaced'),
    about:
      'Which deleted files count that a process still runs: those that pacman has replaced in this boot (replaced), or all (deleted). The latter takes in software that was installed by hand, and also what programs unpack and delete themselves; that counts for one reboot a day at most.',
  },
  executables: {
    section: 'sentinel',
    name: 'executables',
    ...withDefault(yesNo, 'yes'),
    about: 'Whether a replaced executable counts, and not only libraries.',
  },
  modules: {
    section: 'sentinel',
    name: 'modules',
    ...withDefault(yesNo, 'yes'),
    about: 'Whether a loaded kernel module counts whose file was replaced.',
  },
  microcode: {
    section: 'sentinel',
    name: 'microcode',
    ...withDefault(yesNo, 'yes'),
    about: 'Whether replaced microcode counts.',
  },
  userSlice: {
    section: 'sentinel',
    name: 'user-slice',
    ...withDefault(yesNo, 'yes'),
    about: 'Whether the processes of login sessions count.',
  },
  ignorePaths: {
    section: 'sentinel',
    name: 'ignore-path',
    ...withExample(patterns, [], '/opt/vendor/*'),
    about:
      'Files that do not count, as shell patterns (* also matches /); may stand several times.',
  },
  ignoreCommands: {
    section: 'sentinel',
    name: 'ignore-command',
    ...withExample(patterns, [], 'java'),
    about: 'Commands that do not count, by the name that a process gives itself.',
  },
  ignoreUnits: {
    section: 'sentinel',
    name: 'ignore-unit',
    ...withExample(patterns, [], 'getty@*.service'),
    about: 'The system’s units that do not count.',
  },
  mountTypes: {
    section: 'upgrade',
    name: 'mount-types',
    ...withExample(wordList, [], 'nfs nfs4'),
    about: 'The file systems that sync databases and cache must be mounted from; any, unless set.',
  },
  allowDownload: {
    section: 'upgrade',
    name: 'allow-download',
    ...withDefault(yesNo, 'no'),
    about: 'Whether an upgrade may begin when the cache lacks a package, and fetch it itself.',
  },
  minFree: {
    section: 'upgrade',
    name: 'min-free',
    ...withDefault(bytes, '500M'),
    about:
      'The least free space, in units of 1024: on / for an upgrade, in the cache for a download.',
  },
  databaseAge: {
    section: 'upgrade',
    name: 'database-age',
    ...withDefault(lasting, '7d'),
    about: 'From which age of the sync databases there is a warning.',
  },
  restartNever: {
    section: 'restart',
    name: 'never',
    ...withExample(patterns, [], 'postgresql*.service'),
    about: 'Units that `restart` leaves alone, as shell patterns; may stand several times.',
  },
  restartAllow: {
    section: 'restart',
    name: 'allow',
    ...withExample(patterns, [], 'dbus-broker.service'),
    about: 'Units that it may restart though it would leave them alone; never goes first.',
  },
  restartTimeout: {
    section: 'restart',
    name: 'unit-timeout',
    ...withDefault(lasting, '90s'),
    about: 'How long a unit may take to come back.',
  },
  rebootWait: {
    section: 'reboot',
    name: 'wait',
    ...withDefault(lasting, '20min'),
    about: 'How long `reboot` waits for an upgrade to end.',
  },
  rebootAsked: {
    section: 'reboot',
    name: 'only-asked',
    ...withDefault(yesNo, 'yes'),
    about:
      'Whether `reboot` does what Kured tells it only where a check has asked for a reboot in this boot.',
  },
} satisfies Record<string, Key<unknown>>

/** The name of a key in Config. */
export type Property = keyof typeof KEYS

export function isProperty(name: string): name is Property {
  return Object.hasOwn(KEYS, name)
}

/** The keys with their names in Config, section by section. */
export const SECTIONS: ReadonlyMap<string, ReadonlyMap<string, Property>> = bySection()

function bySection() {
  const sections = new Map<string, Map<string, Property>>()
  for (const property of Object.keys(KEYS).filter(isProperty)) {
    const { section, name } = KEYS[property]
    sections.set(section, (sections.get(section) ?? new Map()).set(name, property))
  }
  return sections
}
