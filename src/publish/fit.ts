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
 * Leaves out the hosts whose packages do not fit any more: one that wants all of a repository does not
 * take the place of the others. The first ones have theirs first.
 *
 * @param missing the files that are to be fetched
 * @param room for them, in bytes
 */
export function fitIn(
  plans: readonly HostPlan[],
  missing: ReadonlySet<string>,
  room: number,
): HostPlan[] {
  const taken = new Set<string>()
  let left = room
  return plans.map((plan) => {
    if ('problem' in plan) return plan
    const more = plan.targets.filter(({ file }) => missing.has(file) && !taken.has(file))
    const bytes = more.reduce((sum, { size }) => sum + size, 0)
    if (bytes > left) {
      const problem = `the cache has no room for its packages: they take ${sizeText(bytes)}, and ${sizeText(Math.max(0, left))} are free beside min-free`
      return { name: plan.name, problem }
    }
    left -= bytes
    for (const { file } of more) taken.add(file)
    return plan
  })
}

/** Each package of the plans once. */
export function uniqueTargets(plans: readonly HostPlan[]): Target[] {
  const all = plans.flatMap((plan) => ('targets' in plan ? plan.targets : []))
  return [...new Map(all.map((target) => [target.file, target])).values()]
}
