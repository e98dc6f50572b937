import { SentinelError } from '../errors.ts'
import { exportOf, mountPath, textfileDirectory } from './path.ts'

/** cache: downloads for all hosts, and upgrades itself. node: only upgrades itself. */
export type Role = 'cache' | 'node'

export const ROLES: readonly Role[] = ['cache', 'node']

/** The options of the units. */
export interface UnitOptions {
  role: Role
  /** in the syntax of systemd.time(7); systemd-analyze checks them in verify.ts */
  cacheCalendar: string
  upgradeCalendar: string
  spread: string
  syncDir: string
  cacheDir: string
  /** SERVER:/EXPORT of the sync databases, of the packages and, if given, of the fleet; or none */
  nfs: readonly string[]
  automount: boolean
  local: boolean
  /** the directory for the metrics' file; undefined for none */
  metrics: string | undefined
}

/** As in the seed: downloads at noon, upgrades at midnight, spread over an hour. */
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
  metrics: undefined,
}

/**
 * Checks the options, and gives them with paths in the normal form that systemd compares.
 *
 * @throws SentinelError with the option and the error
 */
export function checkOptions(options: UnitOptions): UnitOptions {
  const { nfs, automount, local, metrics } = options
  if (nfs.length === 1 || nfs.length > 3) {
    throw new SentinelError(
      '--nfs must be given twice: SERVER:/EXPORT of the sync databases, then of the packages; or a third time, of the directory in which hosts tell each other how they are',
    )
  }
  if (local && nfs.length > 0) {
    throw new SentinelError('--local is for hosts without mounts, --nfs for hosts with mounts')
  }
  if (automount && nfs.length === 0) {
    throw new SentinelError('--automount needs --nfs: it applies to the mounts of --nfs')
  }
  const [syncDir, cacheDir] = [
    mountPath(options.syncDir, '--sync-dir'),
    mountPath(options.cacheDir, '--cache-dir'),
  ]
  if (syncDir === cacheDir)
    throw new SentinelError('--sync-dir and --cache-dir are the same directory')
  return {
    ...options,
    syncDir,
    cacheDir,
    nfs: nfs.map(exportOf),
    metrics: metrics === undefined ? undefined : textfileDirectory(metrics, '--metrics'),
  }
}

/** The options that are not the default, as they are written on a command line; '' for none. */
export function unitsCommand(options: UnitOptions): string {
  const valued = [
    ['--role', 'role'],
    ['--cache-calendar', 'cacheCalendar'],
    ['--upgrade-calendar', 'upgradeCalendar'],
    ['--spread', 'spread'],
    ['--sync-dir', 'syncDir'],
    ['--cache-dir', 'cacheDir'],
    ['--metrics', 'metrics'],
  ] as const
  return [
    ...valued.flatMap(([option, key]) => {
      const value = options[key]
      return value === undefined || value === DEFAULTS[key] ? [] : [option, shellWord(value)]
    }),
    ...options.nfs.flatMap((from) => ['--nfs', shellWord(from)]),
    ...(options.automount ? ['--automount'] : []),
    ...(options.local ? ['--local'] : []),
  ].join(' ')
}

function shellWord(value: string): string {
  return /^[\w./:@%+=,[\]-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`
}
