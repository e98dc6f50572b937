import type { PackedDatabase } from '../fleet/packages.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { AS_NOBODY, askTargets, type Target } from '../pacman/targets.ts'
import { STAGING } from '../pacman/database/staging.ts'

/** A host for which packages are to be there. */
export interface PublishHost {
  name: string
  /** own: this host itself */
  packages: PackedDatabase | 'own'
  ignored: readonly string[]
  ignoredGroups: readonly string[]
}

/** What a host wants, or why pacman cannot plan its upgrade. */
export type HostPlan = { name: string } & ({ targets: Target[] } | { problem: string })

/** A DBPath for one plan, which nobody can read. */
const PLAN = `${STAGING}/plan`

/** The version of the local database's layout, without which pacman does not read it. */
const LAYOUT = 'ALPM_DB_VERSION'

/** Of pacman for one host, in ms. A slow board takes seconds. */
const PLAN_MS = 120_000

/**
 * Has pacman plan the upgrade of each host, by the new databases. Hosts with the same packages, and
 * the same ones ignored, have the same plan. What other hosts have written is read as nobody.
 *
 * @param conf see writeSharedConfs(), for askPlace()
 */
export async function planHosts(
  host: Host,
  conf: string,
  hosts: readonly PublishHost[],
  deadline: Deadline,
): Promise<HostPlan[]> {
  const plans = new Map<string, { targets: Target[] } | { problem: string }>()
  for (const one of hosts) {
    const key = keyOf(one)
    if (!plans.has(key)) plans.set(key, await planOne(host, conf, one, deadline))
  }
  host.removeTree(`${PLAN}/local`)
  return hosts.map((one) => ({ name: one.name, ...(plans.get(keyOf(one)) ?? { targets: [] }) }))
}

/** Makes the place where the configuration for planHosts() is to be. @returns its path */
export function makePlan(host: Host): string {
  host.removeTree(PLAN)
  host.makeDirectory(PLAN)
  host.makeLink(`${PLAN}/sync`, `${STAGING}/sync`)
  return host.path(PLAN)
}

function keyOf({ packages, ignored, ignoredGroups }: PublishHost): string {
  const installed = packages === 'own' ? ['own'] : [...packages.keys()].toSorted()
  return JSON.stringify([installed, ignored.toSorted(), ignoredGroups.toSorted()])
}

async function planOne(
  host: Host,
  conf: string,
  { packages, ignored, ignoredGroups }: PublishHost,
  deadline: Deadline,
): Promise<{ targets: Target[] } | { problem: string }> {
  host.removeTree(`${PLAN}/local`)
  if (packages === 'own') {
    host.makeLink(`${PLAN}/local`, `${STAGING}/local`)
  } else {
    // pacman opens the list of files of what is replaced. An empty one is that of a package without any.
    const files = [...packages].flatMap(([entry, desc]) => [
      [`${entry}/desc`, desc] as const,
      [`${entry}/files`, ''] as const,
    ])
    const version = host.readText(`${STAGING}/local/${LAYOUT}`, 64)
    host.writeScratch(
      `${PLAN}/local`,
      new Map<string, string | Buffer>([[LAYOUT, version], ...files]),
    )
  }
  const options = [
    ...ignored.map((name) => `--ignore=${name}`),
    ...ignoredGroups.map((name) => `--ignoregroup=${name}`),
  ]
  const limit = new Deadline(Math.min(PLAN_MS, deadline.left()))
  return askTargets(conf, limit, { options, before: AS_NOBODY })
}
