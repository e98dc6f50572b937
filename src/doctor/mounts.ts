import { Deadline } from '../host/deadline.ts'
import { awaitProgram } from '../host/program.ts'
import { askPacmanConf } from '../pacman/conf/pacman-conf.ts'
import { askFreeSpace, askRealPath, askWritable } from '../preflight/directory.ts'
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
    const cacheDir = ask('CacheDir') ?? '/var/cache/pacman/pkg'
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
    downloadUser: ask('DownloadUser'),
    types: config.mountTypes,
  }
}

/** pacman 6 does not know DownloadUser; other errors of pacman-conf are reported elsewhere. */
function ask(directive: string): string | undefined {
  return optional(() => askPacmanConf('/etc/pacman.conf', directive)[0])
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
  const squashed = await hasNobodysFiles(path, patience())
  return { ...directory, ...(unwritable !== undefined && { unwritable }), squashed }
}

/**
 * Whether a file there belongs to nobody: root made it on a server with root_squash, or this host
 * does not know the owner that an NFSv4 server names. [exports(5)]
 */
async function hasNobodysFiles(path: string, deadline: Deadline): Promise<boolean> {
  const nobody = ['(', '-uid', '65534', '-o', '-uid', '4294967294', ')']
  const args = [`${path}/.`, '-maxdepth', '1', ...nobody, '-print', '-quit']
  const ended = await awaitProgram('/usr/bin/find', args, { timeoutMs: deadline.left() / 2 })
  return ended.stdout.length > 0
}
