import { SentinelError, errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readProperties } from '../systemd/bus.ts'
import { unitNameOf } from '../systemd/escape.ts'
import { enabledState, isLive } from '../systemd/unit-state.ts'
import { type Job, UNITS } from '../systemd/jobs.ts'
import { readRunRecord, type RunRecord } from '../record/run-record.ts'
import { jobUnits } from './generate.ts'
import { readSkip, type Skip } from './skip.ts'
import { below, dropIns, inEtc, type HostUnitFile, writtenNames } from './unit-files.ts'

/** What there is to know about a unit. Times in ms since 1970. */
export interface UnitStatus {
  name: string
  /** the unit's file; undefined: none, as for a mount that a person has made by hand */
  path: string | undefined
  author: HostUnitFile['author'] | undefined
  dropIns: string[]
  /** as `systemctl is-enabled` says; "" where it does not apply */
  enabled: string
  /** as `systemctl is-active` says; undefined where no systemd runs the host */
  active?: string
  needsReload?: boolean
  /** timers */
  next?: number
  last?: number
  /** services: how the last run ended, as it was recorded, and whether a later one was skipped */
  run?: RunRecord
  skip?: Skip
  /** what could not be told */
  problem?: string
}

/** The units of this host: timers and services first, then the mounts they need. */
export function unitsStatus(host: Host): UnitStatus[] {
  if (host.root === '' && !isLive(host)) {
    throw new SentinelError('no systemd runs this host; --root DIR looks at its files alone')
  }
  const jobs = jobUnits().filter((name) => findUnitFile(host, name) !== undefined)
  const mounts = new Set(
    [...writtenNames(host), ...(isLive(host) ? jobs.flatMap(neededMounts) : [])].filter((name) =>
      /\.(auto)?mount$/.test(name),
    ),
  )
  return [...jobs, ...mounts].map((name) => statusOf(host, name))
}

function statusOf(host: Host, name: string): UnitStatus {
  const file = findUnitFile(host, name)
  const status: UnitStatus = {
    name,
    path: file?.path,
    author: file?.author,
    dropIns: dropIns(host, name),
    enabled: name.endsWith('.service') ? '' : enabledState(host, name),
  }
  try {
    const live = isLive(host) ? liveStatus(name) : {}
    // Also those that systemd has yet to read, and those for a whole type of units.
    const all = [...new Set([...status.dropIns, ...(live.dropIns ?? [])])]
    return { ...status, ...live, dropIns: all, ...lastRun(host, name) }
  } catch (error) {
    return { ...status, problem: errorText(error) }
  }
}

function findUnitFile(host: Host, name: string): HostUnitFile | undefined {
  return inEtc(host, name) ?? below(host, name)
}

function liveStatus(name: string): Partial<UnitStatus> {
  const [active, needsReload, paths, source, fragment] = readProperties(name, 'Unit', [
    'ActiveState',
    'NeedDaemonReload',
    'DropInPaths',
    'SourcePath',
    'FragmentPath',
  ])
  // For a mount of /etc/fstab that is the source.
  const path = String(source) || String(fragment)
  return {
    ...(path !== '' && { path }),
    active: String(active),
    needsReload: needsReload === true,
    dropIns: strings(paths),
    ...(name.endsWith('.timer') && timerStatus(name)),
  }
}

function timerStatus(name: string): Partial<UnitStatus> {
  const [next, last] = readProperties(name, 'Timer', ['NextElapseUSecRealtime', 'LastTriggerUSec'])
  return { ...time('next', next), ...time('last', last) }
}

/** systemd counts µs; 0 and its largest number mean "never". */
function time<Key extends string>(key: Key, value: unknown): { [K in Key]?: number } {
  const never = typeof value !== 'number' || value === 0 || value > Number.MAX_SAFE_INTEGER
  const found: { [K in Key]?: number } = {}
  if (!never) found[key] = value / 1000
  return found
}

function lastRun(host: Host, name: string): Partial<UnitStatus> {
  const job = jobOf(name)
  if (job === undefined) return {}
  const run = readRunRecord(host, job)
  const skip = isLive(host) ? readSkip(name, run) : undefined
  return { ...(run && { run }), ...(skip && { skip }) }
}

function jobOf(name: string): Job | undefined {
  if (name === UNITS.upgrade) return 'upgrade'
  return name === UNITS.download ? 'download' : undefined
}

function neededMounts(service: string): string[] {
  if (!service.endsWith('.service')) return []
  const [paths] = readProperties(service, 'Unit', ['RequiresMountsFor'])
  // systemd keeps a set, in no order.
  return strings(paths)
    .toSorted()
    .map((path) => unitNameOf(path, 'mount'))
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
