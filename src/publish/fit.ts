import type { Deadline } from '../host/deadline.ts'
import { askFreeSpace, askSizes } from '../host/directory.ts'
import { SentinelError } from '../errors.ts'
import { findLacking, type Target } from '../pacman/targets.ts'
import { sizeText } from '../text/size.ts'
import type { HostPlan } from './plan.ts'

/**
 * The packages that the cache lacks, each with what is wrong.
 *
 * @throws SentinelError if the cache does not answer
 */
export async function findMissing(
  targets: readonly Target[],
  cacheDirs: readonly string[],
  deadline: Deadline,
): Promise<ReturnType<typeof findLacking>> {
  if (targets.length === 0) return []
  const files = targets.flatMap(({ file }) => cacheDirs.map((directory) => `${directory}/${file}`))
  const sizes = await askSizes(files, deadline)
  if ('problem' in sizes) throw new SentinelError(`${cacheDirs.join(' and ')}: ${sizes.problem}`)
  return findLacking(targets, cacheDirs, sizes)
}

/** The free space of the cache, in bytes. Throws SentinelError if it does not answer. */
export async function askRoom(cacheDir: string, deadline: Deadline): Promise<number> {
  const answer = await askFreeSpace(cacheDir, deadline)
  if ('problem' in answer) throw new SentinelError(`${cacheDir} does not answer: ${answer.problem}`)
  return answer.free
}

/**
 * Why what is to be fetched does not fit. Nothing is published then: hosts would find databases
 * without their packages.
 *
 * @param missing the files that are to be fetched
 * @param room for them, in bytes
 * @returns '' if it fits
 */
export function refuseRoom(
  plans: readonly HostPlan[],
  missing: ReadonlySet<string>,
  room: number,
): string {
  const bytesOf = (targets: readonly Target[]) =>
    targets.reduce((sum, { file, size }) => sum + (missing.has(file) ? size : 0), 0)
  const all = bytesOf(uniqueTargets(plans))
  if (all === 0 || all <= room) return ''
  const wants = plans.map((plan) => {
    return { name: plan.name, bytes: 'targets' in plan ? bytesOf(plan.targets) : 0 }
  })
  const [most] = wants.toSorted((one, other) => other.bytes - one.bytes)
  const whose = most === undefined ? '' : `, ${sizeText(most.bytes)} of them for ${most.name}`
  return `the cache has no room: ${sizeText(all)} are missing${whose}, and ${sizeText(Math.max(0, room))} are free beside min-free`
}

/** Each package of the plans once. */
export function uniqueTargets(plans: readonly HostPlan[]): Target[] {
  const all = plans.flatMap((plan) => ('targets' in plan ? plan.targets : []))
  return [...new Map(all.map((target) => [target.file, target])).values()]
}
