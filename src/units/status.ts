import { SentinelError, errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readProperties } from '../systemd/bus.ts'
import { enabledState, isLive } from '../systemd/unit-state.ts'
import { type Job, UNITS } from '../systemd/jobs.ts'
import { readRunRecord, type RunRecord } from '../record/run-record.ts'
import { serviceUnits } from './generate.ts'
import { readSkip, type Skip } from './skip.ts'
import {
  below,
  dropIns,
  inEtc,
  isMountUnit,
  type HostUnitFile,
  writtenNames,
} from './unit-files.ts'

/** The status of a unit. Times in ms since 1970. */
export interface UnitStatus {
  name: string
  /** the unit's file; undefined when there is none, as for a mount made by hand */
  path: string | undefined
  author: HostUnitFile['author'] | undefined
  dropIns: string[]
  /** as in `systemctl is-enabled`; "" when it does not apply */
  enabled: string
  /** as in `systemctl is-active`; undefined when systemd does not run on the host */
  active?: string
  needsReload?: boolean
  /** timers */
  next?: number
  last?: number
  /** services: the record of the last run, and a later run that was skipped */
  run?: RunRecord
  skip?: Skip
  /** the error, if the status is incomplete */
  problem?: string
}

/** The host's units: services and timers first, then the mounts they need. */
export function unitsStatus(host: Host): UnitStatus[] {
  if (host.root === '' && !isLive(host)) {
    throw new SentinelError('systemd does not run on this host; --root DIR reads only its files')
  }
  const jobs = serviceUnits().filter((name) => findUnitFile(host, name) !== undefined)
  const mounts = new Set(
    [...writtenNames(host), ...(isLive(host) ? jobs.flatMap(neededMounts) : [])].filter(
      isMountUnit,
    ),
  )
  return [...jobs, ...mounts].map((name) => statusOf(host, name))
}

/** When a job last ran and runs next. */
export type JobStatus = Pick<UnitStatus, 'run' | 'skip' | 'next'>

/**
 * Asks as little as a look at one job takes. Of a host that is not live only the record is read.
 *
 * @throws SentinelError when systemd does not answer, or the record cannot be read
 */
export function readJob(host: Host, job: Job): JobStatus {
  const timer = UNITS[job].replace(/service$/, 'timer')
  return { ...lastRun(host, UNITS[job]), ...(isLive(host) && nextRun(timer)) }
}

function nextRun(timer: string): Pick<UnitStatus, 'next'> {
  return time('next', readProperties(timer, 'Timer', ['NextElapseUSecRealtime'])[0])
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
    // Both: files that systemd has not read yet, and drop-ins for a whole type of units.
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
  // A mount of /etc/fstab has its path in SourcePath.
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

/** systemd's times are in µs; 0 and the largest number mean "never". */
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
  const [wanted] = readProperties(service, 'Unit', ['Wants'])
  // systemd gives them in no particular order.
  return strings(wanted)
    .filter((name) => name.endsWith('.mount'))
    .toSorted()
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
