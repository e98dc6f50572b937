import type { Config } from '../config/config.ts'
import { errorText, SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { databasePath, plainPath, repositories } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { askDownloadUser, askPacmanConf, writeSharedConfs } from '../pacman/conf/pacman-conf.ts'
import { readValidConf } from '../pacman/conf/valid-conf.ts'
import { installedVersions } from '../pacman/database/local.ts'
import type { Target } from '../pacman/targets.ts'
import { listed } from '../text/listed.ts'
import {
  digestNew,
  isPublished,
  type Published,
  putDatabases,
  readOffered,
  readPublished,
  syncPackages,
} from './databases.ts'
import { downloadAll } from './download.ts'
import { askRoom, findMissing, refuseRoom, uniqueTargets } from './fit.ts'
import { type CacheUsers, readUsers } from './hosts.ts'
import { type HostPlan, makePlan, planHosts, type Plans, refuseUseless } from './plan.ts'
import { type CacheNeeds, findSuperfluous, listCache, removeEntries } from './prune.ts'
import { ownPublisher, refuseOther } from './publisher.ts'
import { refuseUnwritable } from './try-writing.ts'

/** What a publication has done, or what it would do. */
export interface Publication {
  /** unchanged: hosts have these databases already, and all packages were there */
  outcome: 'published' | 'unchanged' | 'failed' | 'stopped'
  /** why it has failed */
  reason: string
  /** each host, with the number of packages that it wants, or why they are not there */
  hosts: { name: string; packages: number; problem: string }[]
  /** the files that the cache lacked */
  fetched: string[]
  /** the files that hosts want */
  wanted: string[]
  /** what has gone, or would go, from the cache, also where that had no room; sizes in bytes */
  pruned: { file: string; size: number }[]
  /** why nothing was pruned; '' if that was looked at */
  kept: string
  /** what pacman said of signatures, and which files it has not accepted */
  distrusted: string[]
  refused: string[]
}

export interface PublishOptions {
  pacmanConf: string
  /** nothing is fetched, published or removed */
  dryRun: boolean
  /** what hosts wanted by the databases before these */
  wantedBefore: readonly string[]
}

/** What it all rests on. */
interface Sources {
  host: Host
  config: Config
  options: PublishOptions
  deadline: Deadline
  conf: PacmanConf
  dbPath: string
  cacheDirs: string[]
  /** the new databases: name → SHA-256 */
  databases: Record<string, string>
  published: Published
  /** name → version in them */
  offered: ReadonlyMap<string, string>
  users: CacheUsers
  /** configurations of pacman; see writeSharedConfs() */
  confs: { plan: string; download: string }
}

/**
 * Fetches what all hosts want by the new databases, gives them the databases once all of it is there,
 * and removes from the cache what nobody needs any more. prepareStaging() and pacman -Sy come first.
 *
 * @throws SentinelError where it cannot begin, or a server does not answer; hosts then have all that
 *   they had
 */
export async function publish(
  host: Host,
  config: Config,
  options: PublishOptions,
  deadline: Deadline,
): Promise<Publication> {
  const sources = await collect(host, config, options, deadline)
  const { users, confs, cacheDirs } = sources
  const known = await planHosts(host, confs.plan, users.hosts, deadline)
  const targets = uniqueTargets(known.plans)
  const lacking = await findMissing(targets, cacheDirs, deadline)
  const fetched = lacking.map(({ target }) => target.file)
  const wanted = targets.map(({ file }) => file)
  const room = (await askRoom(cacheDirs[0] ?? '', deadline)) - config.minFree
  const hosts = describeHosts(known.plans)
  const reason = refuseUseless(known.plans) || refuseRoom(known.plans, new Set(fetched), room)
  if (reason !== '') {
    const told = { reason, distrusted: [], refused: [], hosts, fetched: [], wanted }
    // Without what nobody needs there may be room the next time.
    return { ...told, outcome: 'failed', ...(await prune(sources, known, wanted)) }
  }
  await refuseUnwritable(placesToWrite(sources, targets), deadline)
  const { stopped, ...fetching } = await fetch(sources, targets)
  const told = { ...fetching, hosts, fetched, wanted }
  if (fetching.reason !== '') {
    const outcome = stopped ? 'stopped' : 'failed'
    return { ...told, outcome, pruned: [], kept: NOT_PUBLISHED }
  }
  const isNew = await put(sources)
  const outcome = isNew || fetched.length > 0 ? 'published' : 'unchanged'
  return { ...told, outcome, ...(await prune(sources, known, wanted)) }
}

const NOT_PUBLISHED = 'nothing goes before the new databases are published'

async function collect(
  host: Host,
  config: Config,
  options: PublishOptions,
  deadline: Deadline,
): Promise<Sources> {
  const { pacmanConf } = options
  const conf = readValidConf(host, pacmanConf)
  const dbPath = databasePath(conf)
  const names = repositories(conf)
  const databases = digestNew(host, names)
  const files = names.flatMap((name) => [`${name}.db`, `${name}.db.sig`])
  const published = await readPublished(`${dbPath}/sync`, files, deadline)
  const other = refuseOther(published.manifest, ownPublisher(host))
  if (other !== '') throw new SentinelError(other)
  const confs = writeSharedConfs(pacmanConf, makePlan(host), deadline)
  const offered = readOffered(host, confs.plan, names, options.dryRun, deadline)
  return {
    host,
    config,
    options,
    deadline,
    conf,
    dbPath,
    databases,
    published,
    offered,
    cacheDirs: askPacmanConf(pacmanConf, 'CacheDir').map(plainPath),
    users: await readUsers(host, config, conf, deadline),
    confs,
  }
}

/** Where pacman and putDatabases() are about to write; pacman also where all packages are there. */
function placesToWrite(
  { options, dbPath, cacheDirs, databases, published }: Sources,
  targets: readonly Target[],
): [path: string, user?: string | undefined][] {
  if (options.dryRun) return []
  const [cacheDir = ''] = cacheDirs
  const user = askDownloadUser(options.pacmanConf)
  const cache: [string, string | undefined][] = targets.length > 0 ? [[cacheDir, user]] : []
  return isPublished(published, databases) ? cache : [...cache, [`${dbPath}/sync`]]
}

/** Fetches the packages. reason: why they are not all there; '' if they are */
async function fetch(
  { options, confs, cacheDirs, deadline }: Sources,
  targets: readonly Target[],
): Promise<Pick<Publication, 'reason' | 'distrusted' | 'refused'> & { stopped: boolean }> {
  if (options.dryRun) return { reason: '', stopped: false, distrusted: [], refused: [] }
  const { problem, ...told } = await downloadAll(confs.download, targets, deadline)
  if (problem !== '') return { reason: problem, ...told }
  const missing = (await findMissing(targets, cacheDirs, deadline)).map((one) => one.told)
  const reason = missing.length > 0 ? `not in the cache, or incomplete: ${listed(missing, 3)}` : ''
  return { reason, ...told }
}

function describeHosts(plans: readonly HostPlan[]): Publication['hosts'] {
  return plans.map((plan) => {
    if ('targets' in plan) return { name: plan.name, packages: plan.targets.length, problem: '' }
    return { name: plan.name, packages: 0, problem: `cannot be satisfied: ${plan.problem}` }
  })
}

/** Gives the hosts the new databases. @returns whether they have them not yet */
async function put({
  host,
  dbPath,
  cacheDirs,
  databases,
  published,
  options,
  deadline,
}: Sources): Promise<boolean> {
  if (isPublished(published, databases)) return false
  const at = new Date(host.now()).toISOString()
  const manifest = { format: 1 as const, ...ownPublisher(host), at, databases }
  // A signature of before is none of a database that has none.
  const remove = [...published.digests.keys()].filter((file) => databases[file] === undefined)
  const files = { put: Object.keys(databases), remove }
  if (options.dryRun) return true
  for (const cacheDir of cacheDirs) await syncPackages(cacheDir, deadline)
  await putDatabases(host, `${dbPath}/sync`, manifest, files, deadline)
  return true
}

/** What fails here stays: the next publication finds it again. */
async function prune(
  { host, config, dbPath, options, offered, users, cacheDirs, deadline }: Sources,
  { installed, unknown: [unknown] }: Plans,
  wanted: readonly string[],
): Promise<Pick<Publication, 'pruned' | 'kept'>> {
  if (users.unknown !== '') return { pruned: [], kept: users.unknown }
  if (unknown !== undefined) {
    return { pruned: [], kept: `it is not known what ${unknown} has installed` }
  }
  const [cacheDir = ''] = cacheDirs
  const own = [...installedVersions(host, dbPath)].map(([name, version]) => `${name}-${version}`)
  try {
    const needs: CacheNeeds = {
      wanted: new Set([...wanted, ...options.wantedBefore]),
      installed: new Set([...installed, ...own]),
      offered,
      keep: config.cacheKeep,
    }
    const { entries, now } = await listCache(cacheDir, deadline)
    const going = findSuperfluous(entries, now, needs)
    if (!options.dryRun) await removeEntries(cacheDir, going, deadline)
    return { pruned: going.map(({ path, size }) => ({ file: path, size })), kept: '' }
  } catch (error) {
    return { pruned: [], kept: errorText(error) }
  }
}
