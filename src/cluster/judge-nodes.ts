import { durationText } from '../text/duration.ts'
import type { ClusterFinding } from './finding.ts'
import { type ClusterView, isBelow } from './view.ts'

const area = 'node'

/** A cordon that is older than any drain should be. */
const LONG_MS = 4 * 3_600_000

/** Nodes that take no pods of the others: cordoned and forgotten, or not ready. */
export function judgeNodes({ nodes, now, kureds }: ClusterView): ClusterFinding[] {
  const locking = new Set(kureds.flatMap(({ locks = [] }) => locks.map(({ node }) => node)))
  return nodes.flatMap(({ name, isReady, isCordoned, cordonedAt }): ClusterFinding[] => {
    const object = `Node ${name}`
    if (!isReady) {
      const message = 'is not ready: it takes no pods, and its own count as unhealthy'
      const advice = `kubectl describe node ${name}`
      return [{ level: 'warning', area, object, message, advice }]
    }
    // Kured lets go of its own, or its lock grows old.
    if (!isCordoned || locking.has(name)) return []
    const ago = cordonedAt === undefined ? undefined : now - cordonedAt
    if (ago !== undefined && isBelow(ago, LONG_MS)) return []
    const since = ago === undefined || ago < 0 ? '' : ` for ${durationText(ago)}`
    const message = `has been cordoned${since}: it takes no pods while others are drained`
    return [{ level: 'warning', area, object, message, advice: `kubectl uncordon ${name}` }]
  })
}
