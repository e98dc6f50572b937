import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { errorText, SentinelError } from '../errors.ts'
import { type PackedDatabase, unpackPackages } from '../fleet/packages.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { asNobody, askTargets, type Target } from '../pacman/targets.ts'
import { STAGING } from '../pacman/database/staging.ts'
import { cutText } from '../text/listed.ts'

/** A host for which packages are to be there. */
export interface PublishHost {
  name: string
  /** its packed database; own: this host itself; undefined: it has none that can be read */
  packages: Buffer | 'own' | undefined
  ignored: readonly string[]
  ignoredGroups: readonly string[]
  /** why nothing is fetched for it; '' if it is */
  left: string
}

type Planned = { targets: Target[] } | { problem: string; late?: true }

/** What a host wants, or why pacman cannot plan its upgrade. */
export type HostPlan = { name: string } & Planned

export interface Plans {
  plans: HostPlan[]
  /** "linux-6.9.1.arch1-1" that a host other than this one has installed */
  installed: Set<string>
  /** hosts of which that is not known */
  unknown: string[]
}

/** A DBPath for one plan, which nobody can read. */
const PLAN = `${STAGING}/plan`

/**
 * A host's packages for its plan: in memory, as these are two thousand files and gone at once. Not in
 * /run/kured-sentinel, which nobody may not be able to enter.
 */
const LOCAL = '/run/kured-sentinel-plan'

/** The version of the local database's layout, without which pacman does not read it. */
const LAYOUT = 'ALPM_DB_VERSION'

/** Of a text that says why there is no plan: pacman may name as many packages as a host invents. */
const LONGEST = 1000

/** Of pacman for one host, in ms. A slow board takes seconds. */
const PLAN_MS = 120_000

/**
 * Has pacman plan the upgrade of each host, by the new databases. Hosts with the same packages, and
 * the same ones ignored, have the same plan. What other hosts have written is read as nobody.
 *
 * @param conf see writeSharedConfs(), for makePlan()
 * @throws SentinelError where pacman gives no answer for this host itself
 */
export async function planHosts(
  host: Host,
  conf: string,
  hosts: readonly PublishHost[],
  deadline: Deadline,
): Promise<Plans> {
  host.makeDirectory(dirname(LOCAL))
  const installed = new Set<string>()
  const looked = new Map<string, Looked>()
  const plans: HostPlan[] = []
  const unknown: string[] = []
  for (const one of hosts) {
    const key = keyOf(one)
    const known = looked.get(key) ?? (await look(host, conf, one, deadline))
    looked.set(key, known)
    for (const entry of known.entries ?? []) installed.add(entry)
    if (known.entries === undefined) unknown.push(one.name)
    plans.push({ name: one.name, ...known.planned })
  }
  for (const path of [`${PLAN}/local`, LOCAL]) host.removeTree(path)
  return { plans, installed, unknown }
}

/**
 * Why databases are of no use to anybody: pacman finds no way for any host, this one included. Then the
 * fault may be this host's, and hosts are better off with the databases that they have.
 *
 * @returns '' if they are of use
 */
export function refuseUseless(plans: readonly HostPlan[]): string {
  const problems = plans.flatMap((plan) => ('problem' in plan ? [plan] : []))
  const [first] = problems
  if (first === undefined || problems.length < plans.length) return ''
  return `no host can be satisfied; ${first.name}: ${first.problem}`
}

interface Looked {
  planned: Planned
  /** what is installed; undefined if that is not known. Of this host itself, nothing. */
  entries: string[] | undefined
}

async function look(
  host: Host,
  conf: string,
  one: PublishHost,
  deadline: Deadline,
): Promise<Looked> {
  const { packages, left } = one
  if (packages === undefined) return { planned: { problem: left }, entries: undefined }
  if (packages === 'own') {
    const planned = await planOne(host, conf, one, undefined, deadline)
    // Nobody has written that but this host: where pacman has no time for it, it has none for others.
    if ('late' in planned)
      throw new SentinelError(`${one.name} cannot be planned for: no answer in time`)
    return { planned, entries: [] }
  }
  const unpacked = unpackPackages(packages, deadline)
  if ('problem' in unpacked) return { planned: unpacked, entries: undefined }
  const entries = [...unpacked.keys()]
  if (left !== '') return { planned: { problem: left }, entries }
  return { planned: await planOther(host, conf, one, unpacked, deadline), entries }
}

/** Whatever a host has written, and pacman makes of it: it stops no other host. */
async function planOther(
  host: Host,
  conf: string,
  one: PublishHost,
  packages: PackedDatabase,
  deadline: Deadline,
): Promise<Planned> {
  try {
    const planned = await planOne(host, conf, one, packages, deadline)
    return 'problem' in planned ? { problem: cutText(planned.problem, LONGEST) } : planned
  } catch (error) {
    return { problem: cutText(errorText(error), LONGEST) }
  }
}

/** Makes the place where the configuration for planHosts() is to be. @returns its path */
export function makePlan(host: Host): string {
  host.removeTree(PLAN)
  host.makeDirectory(PLAN)
  host.makeLink(`${PLAN}/sync`, '../sync')
  return host.path(PLAN)
}

function keyOf({ packages, ignored, ignoredGroups, left }: PublishHost): string {
  const isPacked = packages !== undefined && packages !== 'own'
  const what = isPacked ? createHash('sha256').update(packages).digest('hex') : packages
  return JSON.stringify([what, ignored.toSorted(), ignoredGroups.toSorted(), left])
}

async function planOne(
  host: Host,
  conf: string,
  { ignored, ignoredGroups }: PublishHost,
  packages: PackedDatabase | undefined,
  deadline: Deadline,
): Promise<Planned> {
  host.removeTree(`${PLAN}/local`)
  host.makeLink(`${PLAN}/local`, packages === undefined ? '../local' : host.path(LOCAL))
  if (packages !== undefined) {
    // pacman opens the list of files of what is replaced. An empty one is that of a package without any.
    const files = [...packages].flatMap(([entry, desc]) => [
      [`${entry}/desc`, desc] as const,
      [`${entry}/files`, ''] as const,
    ])
    const version = host.readText(`${STAGING}/local/${LAYOUT}`, 64)
    host.removeTree(LOCAL)
    host.writeScratch(LOCAL, new Map<string, string | Buffer>([[LAYOUT, version], ...files]))
  }
  const options = [
    ...ignored.map((name) => `--ignore=${name}`),
    ...ignoredGroups.map((name) => `--ignoregroup=${name}`),
  ]
  const limit = new Deadline(Math.min(PLAN_MS, deadline.left()))
  return askTargets(conf, limit, { options, before: asNobody() })
}
