import type { Host } from '../../src/host/host.ts'
import { databasePath, readHostConf } from '../../src/pacman/conf/conf.ts'
import { nameVersion } from '../../src/pacman/database/local.ts'

/** The command that shows most on this host: `status` needs pacman's packages, `demo` any Linux. */
export function firstLook(host: Host): 'status' | 'demo' {
  const local = `${databasePath(readHostConf(host))}/local`
  if (host.lstat(local) === undefined) return 'demo'
  return host.list(local).some((entry) => nameVersion(entry) !== undefined) ? 'status' : 'demo'
}
