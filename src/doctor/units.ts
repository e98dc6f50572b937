import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { runSystemctl } from '../systemd/systemctl.ts'
import { isLive } from '../systemd/unit-state.ts'
import { readWritten } from '../units/chosen.ts'
import { parseJobOptions } from '../units/job-options.ts'
import type { Role, UnitOptions } from '../units/options.ts'
import { downloadService, upgradeService } from '../units/services.ts'
import { unitsStatus, type UnitStatus } from '../units/status.ts'
import { type Job, UNITS } from '../systemd/jobs.ts'
import { readRunRecord, type RunRecord } from '../record/run-record.ts'
import { type DoctorCheck, ok, type DoctorFinding, warning, wrong } from './line.ts'
import { at, judgeRun, type JobRun } from './runs.ts'

const JOBS: readonly Job[] = ['upgrade', 'download']

/** The timers and services of both jobs, and how their last runs really ended. */
export const units: DoctorCheck = {
  area: 'units',
  look({ host, deadline }) {
    const status = askUnits(host, deadline)
    const textOf = (path: string) => host.readText(path)
    const role: Role = isCacheHost(status) ? 'cache' : 'node'
    const chosen = { role, ...readWritten(host) }
    return JOBS.flatMap((job) => judgeJob(job, status, textOf, chosen, earlierEnd(host, job)))
  },
}

/**
 * The units of both jobs.
 *
 * @throws SentinelError if systemd does not answer. It is asked first: each query of the status has
 * a long limit of its own
 */
export function askUnits(host: Host, deadline: Deadline): UnitStatus[] {
  return host.once('units', () => readUnits(host, deadline))
}

function readUnits(host: Host, deadline: Deadline): UnitStatus[] {
  if (!isLive(host)) throw new SentinelError('systemd does not run this host')
  const ended = runSystemctl(['show', '--property=Version'], Math.min(10_000, deadline.left()))
  if (ended.timedOut) throw new SentinelError('systemd does not answer')
  return unitsStatus(host)
}

/** The path of the upgrade service's unit file, if there is one. */
export function upgradeServicePath(status: readonly UnitStatus[]): string | undefined {
  return status.find(({ name }) => name === UNITS.upgrade)?.path
}

/** Whether this host is the one that fills the shared cache. */
export function isCacheHost(status: readonly UnitStatus[]): boolean {
  return isOn(status.find(({ name }) => name === timerOf('download')))
}

/**
 * How the last run with work ended, if later runs had nothing to do or were skipped: what it left
 * unfinished still is. The units' status reports problems of the record itself.
 */
function earlierEnd(host: Host, job: Job): RunRecord['lastEnd'] {
  try {
    return readRunRecord(host, job)?.lastEnd
  } catch {
    return undefined
  }
}

/**
 * @param textOf reads a unit file
 * @param chosen with which the units were written
 * @param earlier the last run with work, if later runs had none
 */
export function judgeJob(
  job: Job,
  status: readonly UnitStatus[],
  textOf: (path: string) => string,
  chosen: UnitOptions,
  earlier?: JobRun,
): DoctorFinding[] {
  const named = (name: string) => status.find((unit) => unit.name === name)
  const timer = named(timerOf(job))
  const said = judgeTimer(job, timer, job === 'download' && isAlone(named(UNITS.upgrade), textOf))
  // Runs of a job that is turned off do not matter.
  if (!isOn(timer)) return [said]
  const service = named(UNITS[job])
  if (service === undefined) return [said, wrong(`there is no ${UNITS[job]}`, INSTALL)]
  return [said, ...judgeFile(job, service, textOf, chosen), ...judgeRun(job, service, earlier)]
}

function timerOf(job: Job): string {
  return UNITS[job].replace(/service$/, 'timer')
}

function isOn(timer: UnitStatus | undefined): boolean {
  return timer?.enabled === 'enabled'
}

const INSTALL = 'kured-sentinel units install --enable'

/** Whether this host's cache is its own: then no other host fills it. */
function isAlone(upgrade: UnitStatus | undefined, textOf: (path: string) => string): boolean {
  return upgrade?.path !== undefined && parseJobOptions('upgrade', textOf(upgrade.path)).local
}

/**
 * Every host upgrades; one host fills the shared cache.
 *
 * @param alone whether this host's cache is its own
 */
function judgeTimer(job: Job, timer: UnitStatus | undefined, alone: boolean): DoctorFinding {
  const name = timerOf(job)
  if (timer === undefined || !isOn(timer)) {
    const what = timer === undefined ? 'is not installed' : `is ${timer.enabled}`
    if (alone) {
      const message = `${name} ${what}, and this host’s cache is its own: nothing fills it`
      return warning(message, 'kured-sentinel units install --role cache --local --enable')
    }
    if (job === 'download') return ok(`${name} ${what}: another host fills the cache`)
    const advice = timer === undefined ? INSTALL : `systemctl enable --now ${name}`
    return warning(`${name} ${what}: this host does not upgrade by itself`, advice)
  }
  if (timer.problem !== undefined) return wrong(`${name}: ${timer.problem}`)
  if (timer.active !== 'active') {
    return warning(`${name} is enabled, but was not started`, `systemctl start ${name}`)
  }
  if (timer.needsReload === true) return reload(name)
  const next = timer.next === undefined ? '' : `; next run ${at(timer.next)}`
  return ok(`${name} is enabled${next}`)
}

function reload(name: string): DoctorFinding {
  return warning(`${name} has changed since systemd read it`, 'systemctl daemon-reload')
}

/** Whether this program would write the same service for the same options. */
function judgeFile(
  job: Job,
  service: UnitStatus,
  textOf: (path: string) => string,
  chosen: UnitOptions,
): DoctorFinding[] {
  const { name, path = '', author, dropIns, needsReload } = service
  const said = dropIns.map((file) => ok(`${name} is changed by ${file}`))
  if (needsReload === true) said.push(reload(name))
  if (author === 'edited' || author === 'foreign' || author === 'linked') {
    const what = author === 'edited' ? 'was edited' : 'is not this program’s'
    const message = `${path} ${what}: it may lack what protects an upgrade`
    return [...said, warning(message, 'see kured-sentinel units diff, and use a drop-in instead')]
  }
  const write = job === 'upgrade' ? upgradeService : downloadService
  if (textOf(path) === write(chosen).text) return said
  const message = `${path} was written by another version of this program`
  return [...said, warning(message, 'kured-sentinel units diff, then units install')]
}

/**
 * Whether the upgrade's service wants mounts; if not, the host has its own cache. A person's own
 * service may say so by a condition, as the units of 0.1.0 did.
 */
export function wantsMounts(text: string): boolean {
  const asks = /^ExecCondition=.* preflight upgrade/m.test(text)
  return (
    /^ConditionPathIsMountPoint=/m.test(text) || (asks && !parseJobOptions('upgrade', text).local)
  )
}
