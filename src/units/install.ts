import { SentinelError } from '../errors.ts'
import { awaitAlone } from '../host/flock.ts'
import { Host } from '../host/host.ts'
import { enabledState, isActive, isLive, needsReload, order } from '../systemd/unit-state.ts'
import { type Choice, chooseUnits, type NamedOptions } from './choice.ts'
import { DOWNLOAD_TIMER } from './chosen.ts'
import { dropIns, isMountUnit, mustBeInside } from './unit-files.ts'
import type { UnitOptions } from './options.ts'
import { planUnits, type UnitsPlan } from './plan.ts'
import { carryOut, mustNotRun, planRemoval, type RemoveOutcome } from './remove.ts'
import type { UnitFile } from './unit.ts'
import { startAdvice, warnings } from './warnings.ts'
import { writeUnits } from './write.ts'

export interface InstallRequest {
  named: NamedOptions
  /** directory of another host's files, or of an image */
  root: string | undefined
  enable: boolean
  /** also replace files that a person wrote or edited */
  force: boolean
  dryRun: boolean
}

export interface InstallOutcome extends UnitsPlan {
  /** what was chosen earlier, changed by what was named now */
  options: UnitOptions
  /** of these options, what was not named now */
  remembered: string
  /** names of mount units that stay as they are, as nobody has named a mount's option */
  kept: string[]
  /** paths of files that these options exclude, and names of units that are stopped for that */
  removed: string[]
  stopped: string[]
  /** paths under which what a person wrote is kept */
  saved: string[]
  /** names of units that were disabled, enabled, started; in a dry run, that would be */
  disabled: string[]
  enabled: string[]
  started: string[]
  /** names of timers and mounts that are not enabled, when `enable` was not requested */
  idle: string[]
  /** files that a person wrote or edited: if there are any, nothing was done */
  refused: string[]
  dropIns: string[]
  warnings: string[]
}

const LOCK_MS = 10_000

/**
 * Writes the units that differ from the host's, takes away those that the options exclude, and
 * enables and starts them on request. Does nothing when all are up to date.
 *
 * @throws SentinelError for a bad option, before anything is written; when writing fails, with
 *   nothing changed; when enabling or starting fails, with the units written
 */
export async function installUnits(request: InstallRequest): Promise<InstallOutcome> {
  const { named, root, dryRun } = request
  const host = new Host(root)
  if (host.lstat('/etc') === undefined) {
    throw new SentinelError(`there is no host below ${root}: ${host.path('/etc')} is missing`)
  }
  mustBeInside(host)
  const run = async () => install(host, await chooseUnits(host, named), request)
  return dryRun ? run() : awaitAlone('units', LOCK_MS, run, host.path('/etc'))
}

function install(host: Host, choice: Choice, { enable, force, dryRun }: InstallRequest) {
  const { options, remembered, units, kept } = choice
  const plan = planUnits(host, units, enable ? undefined : roleWitness(host, options))
  const away = planRemoval(host, force, staysWith(choice))
  const edited = plan.changes.filter(({ overwrites }) => overwrites !== undefined)
  const installed: InstallOutcome = {
    ...plan,
    options,
    remembered,
    kept,
    removed: away.removed,
    stopped: away.stopped,
    saved: [...plan.changes.flatMap(({ saved = [] }) => saved), ...away.saved],
    disabled: away.disabled,
    enabled: [],
    started: [],
    idle: [],
    refused: [...(force ? [] : edited.map(({ path }) => path)), ...away.refused],
    dropIns: units.flatMap(({ name }) => dropIns(host, name)),
    warnings: warnings(host, options),
  }
  if (installed.refused.length > 0) return installed
  if (!dryRun) write(host, plan, away)
  try {
    if (!dryRun) reload(host, units, plan.changes.length > 0)
    if (!dryRun) takeAway(host, away)
    if (enable) {
      const { disabled, ...on } = switchOn(host, units, dryRun)
      return { ...installed, ...on, disabled: [...away.disabled, ...disabled] }
    }
    const names = units.filter((unit) => unit.enable).map(({ name }) => name)
    return { ...installed, idle: names.filter((name) => enabledState(host, name) !== 'enabled') }
  } catch (cause) {
    if (dryRun) throw cause
    throw new SentinelError('the units were written, but systemctl failed', { cause })
  }
}

/**
 * Whether a host is the cache host shows in its enabled timer. As long as that is not enabled, it
 * must be written even if the package has the same.
 */
function roleWitness(host: Host, { role }: UnitOptions): string | undefined {
  if (role !== 'cache' || enabledState(host, DOWNLOAD_TIMER) === 'enabled') return undefined
  return DOWNLOAD_TIMER
}

/** Tells which units the options do not exclude. */
function staysWith({ units, mayChangeMounts }: Choice): (name: string) => boolean {
  const wanted = new Set(units.map(({ name }) => name))
  return (name) => wanted.has(name) || (isMountUnit(name) && !mayChangeMounts)
}

function write(host: Host, plan: UnitsPlan, away: RemoveOutcome): void {
  if (away.removed.length > 0 && isLive(host)) mustNotRun('nothing was changed')
  writeUnits(host, plan.changes)
}

function takeAway(host: Host, away: RemoveOutcome): void {
  if ([away.disabled, away.stopped, away.removed].flat().length > 0) carryOut(host, away)
}

/** Reloads also when an earlier run was killed after it wrote the units. */
function reload(host: Host, units: UnitFile[], changed: boolean): void {
  if (!isLive(host)) return
  if (changed || needsReload(units.map(({ name }) => name))) order(host, 'daemon-reload')
}

function switchOn(host: Host, units: UnitFile[], dryRun: boolean) {
  // Mounts come before the timers that may need them.
  const all = units.filter((unit) => unit.enable).map(({ name }) => name)
  const names = [
    ...all.filter((name) => !name.endsWith('.timer')),
    ...all.filter((name) => name.endsWith('.timer')),
  ]
  // Mounts that now have an automount: they may still be enabled from an earlier run.
  const others = units.filter(({ enable, name }) => !enable && !name.endsWith('.service'))
  const disabled = others
    .map(({ name }) => name)
    .filter((name) => enabledState(host, name) === 'enabled')
  const enabled = names.filter((name) => enabledState(host, name) !== 'enabled')
  const started = isLive(host) ? names.filter((name) => !isActive(name)) : []
  if (dryRun) return { disabled, enabled, started }
  if (disabled.length > 0) order(host, 'disable', disabled)
  if (enabled.length > 0) order(host, 'enable', enabled)
  if (started.length > 0) startAll(host, started)
  return { disabled, enabled, started }
}

function startAll(host: Host, names: string[]): void {
  try {
    order(host, 'start', names)
  } catch (error) {
    const down = names.filter((name) => !isActive(name))
    if (down.length === 0) throw error
    throw new SentinelError(startAdvice(host, down))
  }
}
