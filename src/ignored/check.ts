import { mustBeRoot } from '../host/caller.ts'
import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { askAvailable, type Available } from '../pacman/database/available.ts'
import { type UpgradeBlocker, findBlockers } from './blockers.ts'
import { databasePath, listOption, repositories } from '../pacman/conf/conf.ts'
import {
  type DatabaseCopy,
  inHostPaths,
  NotCopied,
  withDatabaseCopy,
} from '../pacman/database/copy.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { type FlatConfs, writeFlatConfs } from '../pacman/conf/pacman-conf.ts'
import { listInstalled } from '../pacman/database/local.ts'
import { readLock } from '../pacman/lock.ts'
import { askSatisfier, simulateUpgrade } from './simulate.ts'
import { describeConfProblem, readValidConf } from '../pacman/conf/valid-conf.ts'
import { UNITS } from '../systemd/jobs.ts'
import type { UpgradeObstacle, WaitingPackage } from './simulation-output.ts'

export interface IgnoredCheck {
  /** unknown: the upgrade fails even with nothing ignored */
  verdict: 'fine' | 'blocked' | 'unknown'
  /** the ignored packages that stop the upgrade; none if pacman's errors name no such package */
  blockers: UpgradeBlocker[]
  /** the ignored packages that have a newer version */
  waiting: WaitingPackage[]
  /** pacman's errors when it gave up */
  errors: string[]
  /** what was in its way, with nothing ignored */
  obstacles: UpgradeObstacle[]
  warnings: string[]
  /** when the newest sync database was made; undefined if nothing is ignored */
  databasesFrom?: Date
}

/**
 * Whether the ignored packages would stop an upgrade to what the sync databases offer now. pacman
 * itself answers, on a copy of the databases.
 *
 * @param host must be this machine itself, and the caller root, as for an upgrade
 * @param pacmanConf a path of the host
 * @throws SentinelError if there is no answer
 */
export async function checkIgnored(
  host: Host,
  pacmanConf: string,
  deadline: Deadline,
): Promise<IgnoredCheck> {
  const conf = readValidConf(host, pacmanConf)
  const dbPath = databasePath(conf)
  if (!ignoresAny(conf)) return { ...FINE, warnings: conf.problems.map(describeConfProblem) }
  mustBeRoot("pacman's simulation of an upgrade")
  mustBeQuiet(host, dbPath)
  if (listInstalled(host, dbPath).length === 0) {
    throw new SentinelError(`${dbPath}/local has no packages: is DBPath in ${pacmanConf} right?`)
  }
  const names = repositories(conf)
  const answer = withDatabaseCopy(host.path(dbPath), names, deadline, async (copy) => {
    const confs = writeFlatConfs(pacmanConf, copy.path, deadline)
    const available = askAvailable(confs.asItIs, names, deadline)
    const told = (text: string) => inHostPaths(text, copy.path, dbPath, pacmanConf)
    try {
      const check = await judgeIgnored({ host, conf, dbPath, copy, available, deadline, ...confs })
      return { ...check, errors: check.errors.map(told) }
    } catch (error) {
      throw error instanceof SentinelError ? new SentinelError(told(error.message)) : error
    }
  })
  return answer.catch((error: unknown) => {
    if (!(error instanceof NotCopied)) throw error
    throw new SentinelError(`${error.message}: ${DOWNLOAD}`)
  })
}

/** No pacman -Sy: a node cannot write to databases that it shares, and the cache host would tear their set. */
const DOWNLOAD = `have the cache host download, with systemctl start ${UNITS.download} there`

/** The evidence: the configuration, and a copy of the databases. */
export interface IgnoredSources extends FlatConfs {
  host: Host
  conf: PacmanConf
  dbPath: string
  copy: DatabaseCopy
  /** what the copy offers */
  available: Available
  deadline: Deadline
}

/**
 * The same, on an existing copy of the databases, and also where nothing is ignored. pacman is asked
 * as it is configured; if that fails, it is asked again with nothing ignored.
 */
export async function judgeIgnored(sources: IgnoredSources): Promise<IgnoredCheck> {
  const { host, conf, dbPath, copy, available, deadline, asItIs, nothingIgnored } = sources
  const fine = { ...FINE, warnings: conf.problems.map(describeConfProblem) }
  const { versions, problems } = available
  if (problems.length > 0) throw new SentinelError(`could not tell: ${problems.join('; ')}`)
  const simulation = await simulateUpgrade(asItIs, deadline)
  const isFinal = simulation.prepared || !ignoresAny(conf)
  const again = isFinal ? simulation : await simulateUpgrade(nothingIgnored, deadline)
  mustBeQuiet(host, dbPath)
  const waiting = simulation.waiting.filter(({ installed }) => installed !== undefined)
  const seen = { ...fine, waiting, databasesFrom: copy.newest }
  if (simulation.prepared) return seen
  const satisfier = (dependency: string) => askSatisfier(nothingIgnored, dependency, deadline)
  const blockers = findBlockers(simulation, versions, satisfier)
  if (!again.prepared) {
    const { errors, obstacles } = again
    return { ...seen, verdict: 'unknown', blockers, errors, obstacles }
  }
  return { ...seen, verdict: 'blocked', blockers, errors: simulation.errors }
}

const FINE: IgnoredCheck = {
  verdict: 'fine',
  blockers: [],
  waiting: [],
  errors: [],
  obstacles: [],
  warnings: [],
}

function ignoresAny(conf: PacmanConf): boolean {
  return ['IgnorePkg', 'IgnoreGroup'].some((key) => listOption(conf, key).length > 0)
}

/** While pacman works, the databases are partly old, partly new. */
function mustBeQuiet(host: Host, dbPath: string): void {
  const lock = readLock(host, dbPath)
  if (lock === undefined) return
  throw new SentinelError(
    `could not tell: pacman is at work, or was interrupted (${lock.path}); try again later`,
  )
}
