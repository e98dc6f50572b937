import type { Config } from './config.ts'
import { duration } from '../text/duration.ts'
import { size } from '../text/size.ts'
import { oneOf, patterns, single, wordList, yesNo } from './values.ts'

/** Takes a key's values, one for each time it stands there. Throws SentinelError for a bad one. */
type Setter = (config: Config, values: string[]) => void

/** Every section with its keys; see the README for what they mean. */
export const SECTIONS: Record<string, Record<string, Setter>> = {
  sentinel: {
    timeout: (config, values) => (config.timeout = duration(single(values))),
    scanner: (config, values) => (config.scanner = oneOf(['proc', 'lsof'], values)),
    'stale-lock-age': (config, values) => (config.staleLockAge = duration(single(values))),
    'min-interval': (config, values) => (config.minInterval = duration(single(values))),
    count: (config, values) => (config.count = oneOf(['replaced', 'deleted'], values)),
    executables: (config, values) => (config.executables = yesNo(values)),
    modules: (config, values) => (config.modules = yesNo(values)),
    microcode: (config, values) => (config.microcode = yesNo(values)),
    'user-slice': (config, values) => (config.userSlice = yesNo(values)),
    'ignore-path': (config, values) => (config.ignorePaths = patterns(values)),
    'ignore-command': (config, values) => (config.ignoreCommands = patterns(values)),
    'ignore-unit': (config, values) => (config.ignoreUnits = patterns(values)),
  },
  restart: {
    never: (config, values) => (config.restartNever = patterns(values)),
    allow: (config, values) => (config.restartAllow = patterns(values)),
    'unit-timeout': (config, values) => (config.restartTimeout = duration(single(values))),
  },
  reboot: {
    wait: (config, values) => (config.rebootWait = duration(single(values))),
    'only-asked': (config, values) => (config.rebootAsked = yesNo(values)),
  },
  upgrade: {
    'mount-types': (config, values) => (config.mountTypes = wordList(values)),
    'allow-download': (config, values) => (config.allowDownload = yesNo(values)),
    'min-free': (config, values) => (config.minFree = size(single(values))),
    'database-age': (config, values) => (config.databaseAge = duration(single(values))),
  },
}
