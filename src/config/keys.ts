import { duration } from '../text/duration.ts'
import { size } from '../text/size.ts'
import { absolutePath, oneOf, patterns, single, wholeNumber, wordList, yesNo } from './values.ts'

/** A key of the configuration, described in this one place. */
interface Key<T> {
  section: 'sentinel' | 'upgrade' | 'restart' | 'reboot' | 'health' | 'fleet' | 'cache'
  name: string
  /** Reads its values, one for each line that sets it. Throws SentinelError for a bad value. */
  read: (values: string[]) => T
  /** the value if it is not set */
  unset: T
  /** its value in the sample file: the default's text, or an example if there is no default */
  shown: string
  isExample: boolean
  /** its comment in the sample file */
  about: string
}

type Reader<T> = (values: string[]) => T

function withDefault<T>(read: Reader<T>, text: string) {
  return { read, unset: read([text]), shown: text, isExample: false }
}

function withExample<T>(read: Reader<T>, unset: T, example: string) {
  return { read, unset, shown: example, isExample: true }
}

const milliseconds = (values: string[]): number => duration(single(values))
const bytes = (values: string[]): number => size(single(values))

/** All keys, in the order of the sample file. Durations in ms, sizes in bytes. */
export const KEYS = {
  timeout: {
    section: 'sentinel',
    name: 'timeout',
    ...withDefault(milliseconds, '30s'),
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
    ...withDefault(milliseconds, '1h'),
    about:
      'A pacman lock that no process has open is stale when it is older than this, or than this boot; a person must look at it.',
  },
  minInterval: {
    section: 'sentinel',
    name: 'min-interval',
    ...withExample(milliseconds, 0, '6h'),
    about:
      'No reboot is requested until the host has been up for this long; without it, at any time.',
  },
  count: {
    section: 'sentinel',
    name: 'count',
    ...withDefault((values) => oneOf(['replaced', 'deleted'], values), 'replaced'),
    about:
      'A deleted file that a process still runs counts only if pacman replaced it in this boot (replaced), or always (deleted). With deleted, software installed by hand counts, but also files that programs unpack and delete themselves; these cause at most one reboot a day.',
  },
  executables: {
    section: 'sentinel',
    name: 'executables',
    ...withDefault(yesNo, 'yes'),
    about: 'Whether replaced executables count, and not only libraries.',
  },
  modules: {
    section: 'sentinel',
    name: 'modules',
    ...withDefault(yesNo, 'yes'),
    about: 'Whether a loaded kernel module counts if its file was replaced.',
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
      'Files that do not count, as shell patterns (* also matches /); may be set several times.',
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
    about: 'System units that do not count.',
  },
  mountTypes: {
    section: 'upgrade',
    name: 'mount-types',
    ...withExample(wordList, [], 'nfs nfs4'),
    about: 'File system types that sync databases and cache may be mounted from; any unless set.',
  },
  allowDownload: {
    section: 'upgrade',
    name: 'allow-download',
    ...withDefault(yesNo, 'no'),
    about: 'Whether an upgrade may begin when the cache lacks a package, and download it.',
  },
  minFree: {
    section: 'upgrade',
    name: 'min-free',
    ...withDefault(bytes, '500M'),
    about:
      'The least free space, in units of 1024: on / for an upgrade, in the cache for a download.',
  },
  repair: {
    section: 'upgrade',
    name: 'repair',
    ...withDefault(yesNo, 'yes'),
    about:
      'Whether the next upgrade repairs one that was cut, as by a power cut, before it begins.',
  },
  mostSkips: {
    section: 'upgrade',
    name: 'most-skips',
    ...withDefault(wholeNumber, '3'),
    about:
      'A run that is skipped this many times in a row fails, so that `systemctl --failed` and OnFailure= show it.',
  },
  databaseAge: {
    section: 'upgrade',
    name: 'database-age',
    ...withDefault(milliseconds, '7d'),
    about: 'Sync databases older than this cause a warning.',
  },
  restartNever: {
    section: 'restart',
    name: 'never',
    ...withExample(patterns, [], 'postgresql*.service'),
    about: 'Units that `restart` leaves alone, as shell patterns; may be set several times.',
  },
  restartAllow: {
    section: 'restart',
    name: 'allow',
    ...withExample(patterns, [], 'dbus-broker.service'),
    about:
      'Units that `restart` may restart although it leaves them alone by default; never takes precedence.',
  },
  restartTimeout: {
    section: 'restart',
    name: 'unit-timeout',
    ...withDefault(milliseconds, '90s'),
    about: 'How long a unit may take to come back.',
  },
  rebootWait: {
    section: 'reboot',
    name: 'wait',
    ...withDefault(milliseconds, '20min'),
    about: 'How long `reboot` waits for an upgrade to end.',
  },
  blockingHooks: {
    section: 'reboot',
    name: 'blocking-hooks',
    ...withExample(patterns, [], '95-vendor-*.hook'),
    about:
      'Hooks of pacman, as shell patterns: if one fails, no reboot until the packages it is for are installed anew. Hooks that write boot files are such hooks without being named.',
  },
  rebootAsked: {
    section: 'reboot',
    name: 'only-asked',
    ...withDefault(yesNo, 'yes'),
    about:
      'Whether `reboot`, called by Kured, works only if a check has requested a reboot in this boot.',
  },
  healthAfter: {
    section: 'health',
    name: 'after',
    ...withDefault(milliseconds, '2min'),
    about: 'How long after a boot `health` looks for the first time.',
  },
  healthEvery: {
    section: 'health',
    name: 'every',
    ...withDefault(milliseconds, '30s'),
    about: 'How long it waits between two looks.',
  },
  healthStable: {
    section: 'health',
    name: 'stable',
    ...withDefault(milliseconds, '1min'),
    about: 'How long all must be well until the node counts as healthy.',
  },
  healthLimit: {
    section: 'health',
    name: 'limit',
    ...withDefault(milliseconds, '10min'),
    about:
      'A node that is not well this long after the first look is unhealthy: the check answers 2.',
  },
  healthUnits: {
    section: 'health',
    name: 'units',
    ...withDefault(wordList, 'kubelet containerd crio k3s k3s-agent rke2-server rke2-agent'),
    about: 'Services and other units that must be up after every boot, where they are enabled.',
  },
  healthCheckTimeout: {
    section: 'health',
    name: 'check-timeout',
    ...withDefault(milliseconds, '30s'),
    about: 'How long each executable in /etc/kured-sentinel/health.d may take.',
  },
  fleetDirectory: {
    section: 'fleet',
    name: 'directory',
    ...withExample(absolutePath, '', '/srv/pacman/fleet'),
    about:
      'Where hosts tell each other how they are: /var/cache/kured-sentinel/fleet unless set. Where that does not exist, a host takes no part; a directory that is set must be there.',
  },
  fleetMount: {
    section: 'fleet',
    name: 'mount',
    ...withDefault(yesNo, 'yes'),
    about: 'Whether the directory must be a mount point; no on the server that has it itself.',
  },
  fleetBoot: {
    section: 'fleet',
    name: 'boot-time',
    ...withDefault(milliseconds, '15min'),
    about:
      'How long a host may be on its way through a reboot; then it keeps the others from theirs.',
  },
  fleetBrake: {
    section: 'fleet',
    name: 'brake',
    ...withDefault(milliseconds, '3d'),
    about: 'How long a host that did not come back well keeps the others from their reboots.',
  },
  fleetAtOnce: {
    section: 'fleet',
    name: 'at-once',
    ...withDefault(wholeNumber, '1'),
    about:
      'How many hosts may be on their way through a reboot at a time, until it is known whether they are well.',
  },
  cacheKeep: {
    section: 'cache',
    name: 'keep',
    ...withDefault(wholeNumber, '2'),
    about:
      'How many versions of a package stay in the cache that no host has installed or wants; `publish` removes older ones.',
  },
  cacheAlone: {
    section: 'cache',
    name: 'alone',
    ...withDefault(yesNo, 'no'),
    about:
      'Whether this host alone uses its cache: without it, and without a fleet directory, nothing is known of what other hosts have installed, and nothing is removed.',
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
