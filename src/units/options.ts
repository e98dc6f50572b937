import { SentinelError } from '../errors.ts'
import { exportOf, mountPath } from './path.ts'

/** cache: the host that downloads for all, and upgrades like all. node: upgrades only. */
export type Role = 'cache' | 'node'

export const ROLES: readonly Role[] = ['cache', 'node']

/** What a person can choose about the units. */
export interface UnitOptions {
  role: Role
  /** as systemd.time(7) has them; checked by systemd-analyze in verify.ts */
  cacheCalendar: string
  upgradeCalendar: string
  spread: string
  syncDir: string
  cacheDir: string
  /** SERVER:/EXPORT of the sync databases and of the packages, or none */
  nfs: readonly string[]
  automount: boolean
  local: boolean
}

/** The seed's: every host at midnight, the cache at noon, within an hour. */
export const DEFAULTS: UnitOptions = {
  role: 'node',
  cacheCalendar: '*-*-* 12:00:00',
  upgradeCalendar: 'daily',
  spread: '1h',
  syncDir: '/var/lib/pacman/sync',
  cacheDir: '/var/cache/pacman/pkg',
  nfs: [],
  automount: false,
  local: false,
}

/**
 * The options with their paths in the one form that systemd compares.
 *
 * @throws SentinelError with the option and what is wrong with it
 */
export function checkOptions(options: UnitOptions): UnitOptions {
  const { nfs, automount, local } = options
  if (nfs.length !== 0 && nfs.length !== 2) {
    throw new SentinelError(
      '--nfs is given twice: first SERVER:/EXPORT of the sync databases, then that of the packages',
    )
  }
  if (local && nfs.length > 0) {
    throw new SentinelError('--local is for a host without mounts, --nfs for one with them')
  }
  if (automount && nfs.length === 0) {
    throw new SentinelError('--automount needs --nfs: it is about the mounts that --nfs writes')
  }
  const [syncDir, cacheDir] = [
    mountPath(options.syncDir, '--sync-dir'),
    mountPath(options.cacheDir, '--cache-dir'),
  ]
  if (syncDir === cacheDir) throw new SentinelError('--sync-dir and --cache-dir are the same')
  return { ...options, syncDir, cacheDir, nfs: nfs.map(exportOf) }
}
