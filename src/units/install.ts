import { SentinelError } from '../errors.ts'
import { runAlone } from '../host/flock.ts'
import { Host } from '../host/host.ts'
import { enabledState, isActive, isLive, needsReload, order } from '../systemd/unit-state.ts'
import { mustBeInside } from './unit-files.ts'
import type { UnitOptions } from './options.ts'
import { planUnits, type UnitsPlan } from './plan.ts'
import { dropIns } from './unit-files.ts'
import type { UnitFile } from './unit.ts'
import { verifiedUnits } from './verify.ts'
import { warnings } from './warnings.ts'
import { writeUnits } from './write.ts'

export interface InstallRequest {
  options: UnitOptions
  /** directory of another host's files, or of an image */
  root: string | undefined
  enable: boolean
  /** also replace files that a person wrote or edited */
  force: boolean
  dryRun: boolean
}

export interface InstallOutcome extends UnitsPlan {
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
 * Writes the units that differ from the host's, and enables and starts them on request. Does
 * nothing when all are up to date.
 *
 * @throws SentinelError for a bad option, before anything is written; when writing fails, with
 *   nothing changed; when enabling or starting fails, with the units written
 */
export async function installUnits(request: InstallRequest): Promise<InstallOutcome> {
  const { options, root, dryRun } = request
  const units = await verifiedUnits(options)
  const host = new Host(root)
  if (host.lstat('/etc') === undefined) {
    throw new SentinelError(`there is no host below ${root}: ${host.path('/etc')} is missing`)
  }
  mustBeInside(host)
  const run = () => install(host, units, request)
  return dryRun ? run() : runAlone('units', host.path('/etc'), LOCK_MS, run)
}

function install(
  host: Host,
  units: UnitFile[],
  { options, enable, force, dryRun }: InstallRequest,
) {
  const plan = planUnits(host, units)
  const edited = plan.changes.filter(({ overwrites }) => overwrites !== undefined)
  const installed: InstallOutcome = {
    ...plan,
    disabled: [],
    enabled: [],
    started: [],
    idle: [],
    refused: force ? [] : edited.map(({ path }) => path),
    dropIns: units.flatMap(({ name }) => dropIns(host, name)),
    warnings: warnings(host, options),
  }
  if (installed.refused.length > 0) return installed
  if (!dryRun) writeUnits(host, plan.changes)
  try {
    if (!dryRun) reload(host, units, plan.changes.length > 0)
    if (enable) return { ...installed, ...switchOn(host, units, dryRun) }
    const names = units.filter((unit) => unit.enable).map(({ name }) => name)
    return { ...installed, idle: names.filter((name) => enabledState(host, name) !== 'enabled') }
  } catch (cause) {
    if (dryRun) throw cause
    throw new SentinelError('the units were written, but systemctl failed', { cause })
  }
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
  if (started.length > 0) order(host, 'start', started)
  return { disabled, enabled, started }
}
