import { Deadline } from '../host/deadline.ts'
import { PACMAN_CONF } from '../pacman/conf/conf.ts'
import { askDownloadUser, askPacmanConf } from '../pacman/conf/pacman-conf.ts'
import { askFreeSpace, askNobodysFiles, askRealPath, askWritable } from '../host/directory.ts'
import { mountedAt } from '../proc/mountinfo.ts'
import { type Directory, judgeDirectory, type Wanted } from './directory.ts'
import type { DoctorCheck, DoctorContext, DoctorFinding } from './line.ts'
import { askUnits, isCacheHost, upgradeServicePath, wantsMounts } from './units.ts'

/**
 * The sync databases and the package cache, which hosts share. Each server has its own time limit.
 * Nothing is written to test for access (NFS has ACCESS), but an idle automount is mounted.
 */
export const mounts: DoctorCheck = {
  area: 'mounts',
  async look(place) {
    const wanted = wantedOf(place)
    // Its errors are reported elsewhere.
    const cacheDir =
      optional(() => askPacmanConf(PACMAN_CONF, 'CacheDir')[0]) ?? '/var/cache/pacman/pkg'
    const said: DoctorFinding[] = []
    for (const path of [`${place.dbPath}/sync`, cacheDir.replace(/(.)\/+$/, '$1')]) {
      said.push(...judgeDirectory(await lookAt(path, wanted.cacheHost, place), wanted))
    }
    return said
  },
}

function wantedOf({ host, config, deadline }: DoctorContext): Wanted {
  const status = optional(() => askUnits(host, deadline)) ?? []
  const service = upgradeServicePath(status)
  return {
    mounts: service === undefined ? undefined : wantsMounts(host.readText(service)),
    cacheHost: isCacheHost(status),
    downloadUser: askDownloadUser(PACMAN_CONF),
    types: config.mountTypes,
  }
}

function optional<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

/** In ms. A server that is gone must not use up the others' time; the request gets half of it. */
const PATIENCE_MS = 10_000

async function lookAt(path: string, cacheHost: boolean, place: DoctorContext): Promise<Directory> {
  const { host, isRoot, deadline } = place
  const patience = () => new Deadline(Math.min(PATIENCE_MS, deadline.left()))
  const answer = await host.once(`free space of ${path}`, () => askFreeSpace(path, patience()))
  const real = 'problem' in answer ? path : await askRealPath(path, patience())
  const directory = { path, mounted: mountedAt(host.readText('/proc/self/mountinfo'), real) }
  if ('problem' in answer) return { ...directory, silent: answer.problem }
  if (!cacheHost || !isRoot) return directory
  const unwritable = await askWritable(path, patience())
  const squashed = await askNobodysFiles(path, patience())
  return { ...directory, ...(unwritable !== undefined && { unwritable }), squashed }
}
