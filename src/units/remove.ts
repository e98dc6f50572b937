import { SentinelError } from '../errors.ts'
import { runAlone } from '../host/flock.ts'
import { Host } from '../host/host.ts'
import { showUnits } from '../systemd/systemctl.ts'
import { enabledState, isActive, isRunning, isLive, order } from '../systemd/unit-state.ts'
import { forgetMetricsFile, readMetricsFile } from '../state/metrics-file.ts'
import { HEALTH_SERVICE, METRICS_SERVICE, UNITS } from '../systemd/jobs.ts'
import { serviceUnits } from './generate.ts'
import { mustBeInside } from './unit-files.ts'
import {
  below,
  dropIns,
  inEtc,
  isOurs,
  isPersons,
  savedUnits,
  UNIT_DIRECTORY,
  writtenNames,
} from './unit-files.ts'
import { whereToSave } from './save.ts'
import { writeUnits } from './write.ts'

export interface RemoveRequest {
  root: string | undefined
  /** also remove files that a person has edited */
  force: boolean
  dryRun: boolean
}

export interface RemoveOutcome {
  /** names of units that were disabled or stopped; in a dry run, that would be */
  disabled: string[]
  stopped: string[]
  /** paths of files that were removed; in a dry run, that would be */
  removed: string[]
  /** paths under which the files that a person has edited are kept */
  saved: string[]
  /** paths of files that a person has edited: if there are any, nothing was done */
  refused: string[]
  /** paths of files that stay, because a person wrote them */
  left: string[]
}

/**
 * Disables and stops the timers and mounts, and removes the unit files that this program wrote.
 * A second run does nothing.
 *
 * @throws SentinelError that says whether nothing or only a part was done
 */
export function removeUnits({ root, force, dryRun }: RemoveRequest): RemoveOutcome {
  const host = new Host(root)
  mustBeInside(host)
  const run = () => {
    const plan = planRemoval(host, force)
    if (!dryRun && plan.refused.length === 0) carryOut(host, plan)
    return plan
  }
  return dryRun ? run() : runAlone('units', host.path('/etc'), 10_000, run)
}

/**
 * @param force also remove files that a person has edited
 * @param stays tells the names of units that stay
 */
export function planRemoval(
  host: Host,
  force: boolean,
  stays: (name: string) => boolean = () => false,
): RemoveOutcome {
  const names = writtenNames(host).filter((name) => !stays(name))
  const written = names.flatMap((name) => inEtc(host, name) ?? [])
  const known = [...new Set([...serviceUnits(), ...names])].filter((name) => !stays(name))
  const ours = known.filter((name) => isOurs(inEtc(host, name) ?? below(host, name)))
  // The jobs end by themselves; the watch goes on as long as the node is not well, and a run that
  // writes metrics would leave a file.
  const switched = ours.filter(
    (name) => !name.endsWith('.service') || [HEALTH_SERVICE, METRICS_SERVICE].includes(name),
  )
  const gone = written.map(({ name }) => name)
  const foreign = known
    .filter((name) => !gone.includes(name))
    .flatMap((name) => inEtc(host, name) ?? [])
  const edited = written.filter(isPersons).map(({ path }) => path)
  return {
    disabled: switched.filter((name) => enabledState(host, name) === 'enabled'),
    stopped: isLive(host) ? stopOrder(switched).filter(isActive) : [],
    removed: [...written.map(({ path }) => path), ...metricsFile(host, gone)],
    saved: edited.map((path) => whereToSave(host, path)),
    refused: force ? [] : edited,
    left: [
      ...foreign.map(({ path }) => path),
      ...known.flatMap((name) => [...savedUnits(host, name), ...dropIns(host, name)]),
    ],
  }
}

/** What was written last is no longer true once nothing writes it. */
function metricsFile(host: Host, gone: readonly string[]): string[] {
  if (!gone.includes(METRICS_SERVICE)) return []
  const file = readMetricsFile(host)
  return file === undefined || host.lstat(file) === undefined ? [] : [file]
}

/** Automounts before mounts: a mount stopped first would be mounted again. */
function stopOrder(names: string[]): string[] {
  const rank = (name: string) =>
    ['timer', 'path', 'service', 'automount', 'mount'].indexOf(name.split('.').at(-1) ?? '')
  return names.toSorted((a, b) => rank(a) - rank(b))
}

/** @throws SentinelError that says whether nothing or only a part was done */
export function carryOut(host: Host, plan: RemoveOutcome): void {
  const live = isLive(host)
  if (live && plan.removed.length > 0) mustNotRun('nothing was changed')
  try {
    remove(host, plan, live)
  } catch (cause) {
    throw new SentinelError('not everything was done: fix the cause and run this again', {
      cause,
    })
  }
}

function remove(host: Host, plan: RemoveOutcome, live: boolean): void {
  const { disabled, stopped, removed, saved } = plan
  const timers = stopped.filter((name) => name.endsWith('.timer'))
  const others = stopped.filter((name) => !timers.includes(name))
  if (disabled.length > 0) order(host, 'disable', disabled)
  for (const name of timers) order(host, 'stop', [name])
  // A timer may have fired before it was stopped; from now on none does.
  if (live && removed.length > 0) mustNotRun('the timers are disabled and stopped')
  const hadMetrics = removed.includes(`${UNIT_DIRECTORY}/${METRICS_SERVICE}`)
  // One of its own starts may have come since the plan was made.
  if (live && hadMetrics) others.push(METRICS_SERVICE)
  for (const name of new Set(others)) order(host, 'stop', [name])
  writeUnits(
    host,
    removed.map((path) => {
      const kept = saved.find((copy) => copy.startsWith(`${path}.pacsave`))
      return { path, text: undefined, ...(kept !== undefined && { saved: kept }) }
    }),
  )
  if (hadMetrics) forgetMetricsFile(host)
  if (!live) return
  if (removed.length > 0) order(host, 'daemon-reload')
  const names = removed
    .filter((path) => path.startsWith(UNIT_DIRECTORY))
    .map((path) => path.slice(path.lastIndexOf('/') + 1))
  const failed = showUnits(names, ['ActiveState'], 30_000)
  const marks = names.filter((name) => failed.get(name)?.get('ActiveState') === 'failed')
  if (marks.length > 0) order(host, 'reset-failed', marks)
  for (const name of names.filter((each) => below(host, each) === undefined))
    forgetTimer(host, name)
}

/** Without the unit file systemd forgets KillSignal=: SIGTERM would then kill pacman. */
export function mustNotRun(done: string): void {
  const units = Object.values(UNITS)
  const busy = units.filter(isRunning)
  if (busy.length === 0) return
  throw new SentinelError(
    `still running: ${busy.join(', ')}; ${done}; wait for the end (systemctl status)`,
  )
}

/** Removes the time of a timer's last run, which Persistent= stores. [systemd.timer(5)] */
function forgetTimer(host: Host, name: string): void {
  if (name.endsWith('.timer')) {
    host.remove(`/var/lib/systemd/timers/stamp-${name}`)
  }
}
