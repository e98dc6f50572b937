import manifest from '../../package.json' with { type: 'json' }
import type { Config } from '../config/config.ts'
import type { FleetRow } from '../fleet/row.ts'
import { fleetName, machineDigest } from '../fleet/name.ts'
import { readHealth } from '../health/state.ts'
import { readHistory } from '../history/file.ts'
import { readBootClock, type BootClock } from '../host/boot-clock.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { databasePath, listOption, readHostConf } from '../pacman/conf/conf.ts'
import { readRunRecord } from '../record/run-record.ts'
import { beganWithBoot } from '../reboot/health.ts'
import { activeHold } from '../reboot/hold-state.ts'
import { applyRebootPolicy } from '../reboot/policy.ts'
import { checkHost } from '../sentinel/check.ts'
import { kubernetesPackages } from '../skew/packages.ts'
import { isGoingDown } from './going-down.ts'

/**
 * What this host tells the fleet. A fact that cannot be read is told as missing: the rest is of use all
 * the same. Without a name, or a boot, there is no row.
 *
 * @throws SentinelError, or the system error, where there is none
 */
export async function collectOwnRow(
  host: Host,
  config: Config,
  deadline: Deadline,
): Promise<FleetRow> {
  const now = readBootClock(host)
  const conf = orElse(undefined, () => readHostConf(host))
  const ignored = (key: string) =>
    conf === undefined ? [] : listOption(conf, key).map(({ name }) => name)
  return {
    format: 1,
    host: fleetName(host),
    machine: machineDigest(host),
    architecture: process.arch,
    version: manifest.version,
    at: new Date(now.wall).toISOString(),
    bootId: now.bootId,
    uptimeMs: now.uptime,
    phase: isGoingDown(host) ? 'going-down' : 'up',
    ...(await judgeOwn(host, config, deadline)),
    health: healthOf(host, now),
    hold: holdOf(host, now),
    upgrade: orElse(null, () => upgradeOf(host)),
    kernel: orElse('', () => host.readText('/proc/sys/kernel/osrelease').trim()),
    kubelet:
      conf === undefined ? '' : orElse('', () => kubeletOf(host, databasePath(conf), deadline)),
    ignored: ignored('IgnorePkg'),
    ignoredGroups: ignored('IgnoreGroup'),
  }
}

/** The verdict as `status` would have it, without the brake: what is due here is due. */
async function judgeOwn(
  host: Host,
  config: Config,
  deadline: Deadline,
): Promise<Pick<FleetRow, 'verdict' | 'causes'>> {
  const seen = await checkHost(host, config, deadline, false)
  const { verdict, reasons } =
    seen.verdict === 'none' ? seen : applyRebootPolicy(host, config, seen, false, deadline)
  return { verdict, causes: reasons.map(({ message }) => message) }
}

/** A health that cannot be read is not good. */
function healthOf(host: Host, { bootId }: BootClock): FleetRow['health'] {
  try {
    const health = readHealth(host)
    if (health === undefined) return null
    const { verdict, reasons, since } = health
    return { verdict, reasons, sinceBoot: beganWithBoot(since) || wasPlanned(host, bootId) }
  } catch {
    return { verdict: 'unhealthy', reasons: ['its health cannot be read'], sinceBoot: true }
  }
}

/** Whether the gate has led to this boot, by the history. */
function wasPlanned(host: Host, bootId: string): boolean {
  return readHistory(host).entries.some(
    (entry) => entry.kind === 'boot' && entry.bootId === bootId && entry.how === 'planned',
  )
}

function holdOf(host: Host, now: BootClock): FleetRow['hold'] {
  try {
    const hold = activeHold(host, now)
    if (hold === undefined) return null
    return { reason: hold.reason, until: new Date(hold.until).toISOString() }
  } catch {
    return { reason: 'a hold that cannot be read', until: '' }
  }
}

function upgradeOf(host: Host): FleetRow['upgrade'] {
  const record = readRunRecord(host, 'upgrade')
  if (record === undefined) return null
  const { outcome, reason, packages, endedAt } = record.lastEnd ?? record
  return { outcome, reason, packages, at: endedAt, skips: record.skips ?? 0 }
}

function kubeletOf(host: Host, dbPath: string, deadline: Deadline): string {
  const packages = [...kubernetesPackages(host, dbPath, deadline).values()]
  return packages.find(({ part }) => part === 'kubelet')?.installed ?? ''
}

function orElse<T, U>(otherwise: U, read: () => T): T | U {
  try {
    return read()
  } catch {
    return otherwise
  }
}
