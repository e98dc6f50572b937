import type { Config } from '../config/config.ts'
import { SentinelError } from '../errors.ts'
import { doubtView } from '../fleet/brake.ts'
import { fleetName, machineDigest } from '../fleet/name.ts'
import { readArchives } from '../fleet/packages.ts'
import { type FleetEntry, readFleet } from '../fleet/read.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { listOption } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { durationText } from '../text/duration.ts'
import type { PublishHost } from './plan.ts'

/** Who is to find packages in the cache. */
export interface CacheUsers {
  /** this host first */
  hosts: PublishHost[]
  /** why it is not known who they are; '' if it is */
  unknown: string
}

/** Nothing is fetched for a host that was not heard of for longer than this, in ms. */
const SILENT_MS = 30 * 24 * 3_600_000

const NO_FLEET =
  'without a fleet directory it is not known what other hosts have installed ([cache] alone = yes: none uses it)'

/**
 * Reads who uses the cache, by the fleet directory. Without one that is this host alone.
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
  const own = (name: string): PublishHost => ({
    name,
    packages: 'own',
    ignored: names('IgnorePkg'),
    ignoredGroups: names('IgnoreGroup'),
    left: '',
  })
  const view = await readFleet(host, config, deadline)
  if (view.state === 'silent') throw new SentinelError(view.problem)
  if (view.state === 'none') {
    return { hosts: [own('this host')], unknown: config.cacheAlone ? '' : NO_FLEET }
  }
  const name = fleetName(host)
  const doubt = doubtView(view, { own: name, machine: machineDigest(host), isRoot: true })
  if (doubt !== undefined) throw new SentinelError(doubt)
  const others = view.entries.filter((entry) => entry.host !== name)
  const archives = await readArchives(
    view.path,
    others.map((entry) => entry.host),
    deadline,
  )
  const users = others.map((entry) => toUser(entry, archives.get(entry.host)))
  return { hosts: [own(name), ...users], unknown: '' }
}

function toUser({ host: name, ageMs, row }: FleetEntry, packages: Buffer | undefined): PublishHost {
  const nothing = { name, packages, ignored: [], ignoredGroups: [] }
  if (packages === undefined) {
    return { ...nothing, left: 'has no packed database of packages that can be read' }
  }
  if ('problem' in row) return { ...nothing, left: `cannot be seen: ${row.problem}` }
  const { ignored, ignoredGroups, architecture } = row
  return { name, packages, ignored, ignoredGroups, left: whyLeft(ageMs, architecture) }
}

function whyLeft(ageMs: number, architecture: string): string {
  if (ageMs > SILENT_MS) return `was not heard of for ${durationText(ageMs)}`
  if (architecture === process.arch) return ''
  return `is ${architecture}, and this host downloads for ${process.arch}`
}
