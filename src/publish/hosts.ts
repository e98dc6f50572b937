import { doubtView } from '../fleet/brake.ts'
import { fleetName, machineDigest } from '../fleet/name.ts'
import { readPackages } from '../fleet/packages.ts'
import { type FleetEntry, type FleetView, readFleet } from '../fleet/read.ts'
import type { Config } from '../config/config.ts'
import { SentinelError } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { listOption } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { durationText } from '../text/duration.ts'
import type { PublishHost } from './plan.ts'

/** What the fleet says of those who use the cache. */
export interface CacheUsers {
  hosts: PublishHost[]
  /** hosts for which nothing is fetched, each with why */
  left: { name: string; problem: string }[]
  /** "linux-6.9.1.arch1-1" that a host other than this one has installed */
  installed: Set<string>
  /** why it is not known what all hosts have installed; '' if it is */
  unknown: string
}

/** Nothing is fetched for a host that was not heard of for longer than this, in ms. */
const SILENT_MS = 30 * 24 * 3_600_000

/** For one host's database, in ms; and so many are read at a time. */
const READ_MS = 15_000
const AT_ONCE = 4

/**
 * Reads who is to find packages in the cache. Without a fleet directory that is this host alone.
 *
 * @throws SentinelError where there is one, and it cannot be seen: others may want more
 */
export async function readUsers(
  host: Host,
  config: Config,
  conf: PacmanConf,
  deadline: Deadline,
): Promise<CacheUsers> {
  const names = (key: string) => listOption(conf, key).map(({ name }) => name)
  const packages = 'own' as const
  const own = { packages, ignored: names('IgnorePkg'), ignoredGroups: names('IgnoreGroup') }
  const view = await readFleet(host, config, deadline)
  if (view.state === 'silent') throw new SentinelError(view.problem)
  if (view.state === 'none') {
    const unknown = config.cacheAlone
      ? ''
      : 'without a fleet directory it is not known what other hosts have installed ([cache] alone = yes: none uses it)'
    return { hosts: [{ name: 'this host', ...own }], left: [], installed: new Set(), unknown }
  }
  const name = fleetName(host)
  const doubt = doubtView(view, { own: name, machine: machineDigest(host), isRoot: true })
  if (doubt !== undefined) throw new SentinelError(doubt)
  const others = view.entries.filter((entry) => entry.host !== name)
  const users: CacheUsers = {
    hosts: [{ name, ...own }],
    left: [],
    installed: new Set(),
    unknown: '',
  }
  for (let at = 0; at < others.length; at += AT_ONCE) {
    const some = others.slice(at, at + AT_ONCE)
    const seen = await Promise.all(some.map((entry) => readUser(view, entry, deadline)))
    for (const one of seen) take(users, one)
  }
  return users
}

interface SeenUser {
  name: string
  user: PublishHost | undefined
  problem: string
}

async function readUser(
  { path }: FleetView & { state: 'seen' },
  { host: name, ageMs, row }: FleetEntry,
  deadline: Deadline,
): Promise<SeenUser> {
  if ('problem' in row) return { name, user: undefined, problem: `cannot be seen: ${row.problem}` }
  const limit = new Deadline(Math.min(READ_MS, deadline.left()))
  const packages = await readPackages(path, name, limit)
  if ('problem' in packages) return { name, user: undefined, problem: packages.problem }
  const { ignored, ignoredGroups, architecture } = row
  const user = { name, packages, ignored, ignoredGroups }
  return { name, user, problem: whyLeft(ageMs, architecture) }
}

function whyLeft(ageMs: number, architecture: string): string {
  if (ageMs > SILENT_MS) return `was not heard of for ${durationText(ageMs)}`
  if (architecture === process.arch) return ''
  return `is ${architecture}, and this host downloads for ${process.arch}`
}

function take(users: CacheUsers, { name, user, problem }: SeenUser): void {
  if (problem !== '') users.left.push({ name, problem })
  else if (user !== undefined) users.hosts.push(user)
  if (user === undefined) users.unknown ||= `it is not known what ${name} has installed`
  else if (user.packages !== 'own') for (const one of user.packages.keys()) users.installed.add(one)
}
