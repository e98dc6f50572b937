import { errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { databasePath, listOption, readPacmanConf } from '../pacman/conf/conf.ts'
import { plainPath } from '../pacman/conf/conf.ts'
import { refuseDirectory } from '../host/trusted-directory.ts'
import type { UnitOptions } from './options.ts'

/** Warnings for things that the units need and the host lacks. */
export function warnings(host: Host, options: UnitOptions): string[] {
  const missing = ['/usr/bin/pacman', '/usr/bin/kured-sentinel'].filter(
    (program) => host.lstat(program) === undefined,
  )
  return [
    ...missing.map((program) => `${host.path(program)} is missing: the units run it`),
    ...(options.local ? [] : disagreements(host, options)),
    ...unwritable(host, options.metrics),
  ]
}

/** The service would fail at each run, and say the same. */
function unwritable(host: Host, metrics: string | undefined): string[] {
  const refused = metrics === undefined ? undefined : refuseDirectory(host, metrics)
  return refused === undefined ? [] : [`no metrics will be written: ${refused}`]
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
