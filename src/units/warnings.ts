import { readFstab } from '../boot/fstab.ts'
import { errorText, ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { databasePath, listOption, readPacmanConf } from '../pacman/conf/conf.ts'
import { plainPath } from '../pacman/conf/conf.ts'
import { refuseDirectory } from '../host/trusted-directory.ts'
import { mountedAt } from '../proc/mountinfo.ts'
import { unitNameOf } from '../systemd/escape.ts'
import type { UnitOptions } from './options.ts'
import { below, inEtc } from './unit-files.ts'

/** Warnings for things that the units need and the host lacks. */
export function warnings(host: Host, options: UnitOptions): string[] {
  const missing = ['/usr/bin/pacman', '/usr/bin/kured-sentinel'].filter(
    (program) => host.lstat(program) === undefined,
  )
  return [
    ...missing.map((program) => `${host.path(program)} is missing: the units run it`),
    ...(options.nfs.length > 0 && lacksNfs(host) ? [LACKS_NFS] : []),
    ...(options.local ? [] : [...notMounted(host, options), ...disagreements(host, options)]),
    ...unwritable(host, options.metrics),
  ]
}

const LACKS_NFS = 'NFS cannot be mounted: pacman -S nfs-utils'

/** mount(8) needs mount.nfs(8), which a host lacks that has not mounted NFS before. */
function lacksNfs(host: Host): boolean {
  const programs = ['/usr/bin/mount.nfs', '/usr/sbin/mount.nfs']
  return programs.every((program) => host.lstat(program) === undefined)
}

/**
 * What to do about units that did not start. systemctl says of several only that jobs have failed.
 *
 * @param names the units, one at least
 */
export function startAdvice(host: Host, names: readonly string[]): string {
  const install = names.some((name) => name.endsWith('.mount')) && lacksNfs(host)
  const find = install ? 'pacman -S nfs-utils' : `see systemctl status '${names[0]}'`
  return `did not start: ${names.join(', ')}. To do: ${find}, then the same command again`
}

/** The preflight skips each run as long as the two directories are not mounted. */
function notMounted(host: Host, { nfs, syncDir, cacheDir }: UnitOptions): string[] {
  // Then the mounts are among the units.
  if (nfs.length > 0) return []
  try {
    const missing = [syncDir, cacheDir].filter((path) => !isToBeMounted(host, path))
    if (missing.length === 0) return []
    return [
      `nothing mounts ${missing.join(' and ')}: every run will be skipped. Name the server's exports with --nfs, or say --local if all is on this host's own disk`,
    ]
  } catch (error) {
    return [`cannot tell what will be mounted: ${errorText(error)}`]
  }
}

/** Whether it is mounted now, or /etc/fstab or a unit will mount it. No file below it is opened. */
function isToBeMounted(host: Host, path: string): boolean {
  const mountinfo = ifThere(() => host.readText('/proc/self/mountinfo')) ?? ''
  const units = (['mount', 'automount'] as const).map((suffix) => unitNameOf(path, suffix))
  return (
    mountedAt(mountinfo, path) !== undefined ||
    readFstab(host).some(({ mountPoint }) => mountPoint === path) ||
    units.some((name) => (inEtc(host, name) ?? below(host, name)) !== undefined)
  )
}

/** The mounts must be where pacman itself looks. */
function disagreements(host: Host, { syncDir, cacheDir }: UnitOptions): string[] {
  try {
    const conf = readPacmanConf(host)
    const sync = `${databasePath(conf)}/sync`
    const [first, ...more] = listOption(conf, 'CacheDir').map(({ name }) => plainPath(name))
    const caches = [first ?? '/var/cache/pacman/pkg', ...more]
    return [
      ...(sync === syncDir
        ? []
        : [`pacman keeps its sync databases in ${sync} (DBPath), not in --sync-dir ${syncDir}`]),
      // pacman downloads into the first one that it can write to.
      ...(caches[0] === cacheDir
        ? []
        : [`pacman downloads to ${caches[0]} (CacheDir), not to --cache-dir ${cacheDir}`]),
    ]
  } catch (error) {
    return [`cannot compare with pacman.conf: ${errorText(error)}`]
  }
}

/** The service would fail at each run, and say the same. */
function unwritable(host: Host, metrics: string | undefined): string[] {
  const refused = metrics === undefined ? undefined : refuseDirectory(host, metrics)
  return refused === undefined ? [] : [`no metrics will be written: ${refused}`]
}
