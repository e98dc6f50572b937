import { durationText } from '../text/duration.ts'
import type { ClusterFinding } from './finding.ts'
import { groupBy, someOf } from './group.ts'
import { hasLabels } from './selector.ts'
import { type ClusterView, isMoved, keeperOf, type Workload } from './view.ts'

/** Pods that nobody starts again once a drain has deleted them. */
export function judgeBarePods({ pods }: ClusterView): ClusterFinding[] {
  return pods
    .filter((pod) => pod.owner === undefined && isMoved(pod))
    .map(({ namespace, name }) => ({
      level: 'warning',
      area: 'pod',
      object: `Pod ${namespace}/${name}`,
      message: 'has no controller: a drain deletes it, and nobody starts it again',
      advice: 'let a Deployment or StatefulSet keep it',
    }))
}

/** What a workload loses with its node's disk, or waits for until the node is back. */
export function judgeVolumes(
  { localClaims }: ClusterView,
  workloads: Workload[],
): ClusterFinding[] {
  return workloads.flatMap(({ object, pods, first }): ClusterFinding[] => {
    const area = 'volume'
    const kept = pods.flatMap(({ namespace, claims, node }) =>
      claims.flatMap((claim) => {
        const place = localClaims.get(`${namespace}/${claim}`)
        return place === undefined ? [] : [`${claim} on ${place || node}`]
      }),
    )
    const findings: ClusterFinding[] = []
    if (kept.length > 0) {
      const message = `has its data on one node: ${someOf(kept)}. A pod waits until its node is back`
      const advice = 'use storage that follows the pod, or let the application have replicas'
      findings.push({ level: 'warning', area, object, message, advice })
    }
    const lost = [...new Set([...first.emptyDirs, ...first.hostPaths])]
    if (lost.length > 0) {
      const message = `keeps on the node what does not move along: ${someOf(lost)} (emptyDir or hostPath)`
      const advice = 'see that nothing in it is missed: a drain deletes an emptyDir'
      findings.push({ level: 'hint', area, object, message, advice })
    }
    return findings
  })
}

/** Whether a workload goes on while one node is down. */
export function judgeReplicas({ nodes }: ClusterView, workloads: Workload[]): ClusterFinding[] {
  if (nodes.length < 2) return []
  return workloads.flatMap((workload): ClusterFinding[] => {
    const { object, replicas, pods, first } = workload
    if (replicas < 2) {
      const message = 'has one replica: it is away while its node is drained'
      const advice = 'give it two, where it can have them'
      return [{ level: 'warning', area: 'replicas', object, message, advice }]
    }
    const places = new Set(pods.map(({ node }) => node))
    const rule = 'give it a topologySpreadConstraint on kubernetes.io/hostname'
    if (pods.length > 1 && places.size === 1 && first.node !== '') {
      const message = `has all of its ${pods.length} pods on ${first.node}`
      return [{ level: 'warning', area: 'spread', object, message, advice: rule }]
    }
    if (first.isSpread) return []
    const message = 'has no rule that keeps its pods on several nodes'
    return [{ level: 'hint', area: 'spread', object, message, advice: rule }]
  })
}

/** Whether a new pod gets traffic, and lets the next one be evicted, before it can serve. */
export function judgeProbes(
  { services }: ClusterView,
  workloads: Workload[],
  goOn: () => void,
): ClusterFinding[] {
  return workloads.flatMap(({ object, namespace, first }): ClusterFinding[] => {
    goOn()
    const area = 'probe'
    const isServed = (services.get(namespace) ?? []).some((one) => hasLabels(first.labels, one))
    if (isServed && first.unready.length > 0) {
      const message = `has no readinessProbe (${someOf(first.unready)}): a new pod gets traffic too early, and a budget counts it`
      return [{ level: 'warning', area, object, message, advice: 'give it a readinessProbe' }]
    }
    if (first.unwatched.length === 0) return []
    const message = `has neither a startupProbe nor a livenessProbe (${someOf(first.unwatched)})`
    const advice = 'give it one, where it can hang without ending'
    return [{ level: 'hint', area, object, message, advice }]
  })
}

/**
 * Pods that may take longer to end than Kured drains, whoever keeps them.
 *
 * @param drainMs Kured's limit; 0 for none
 * @param graceS what Kured gives each pod; undefined for the pod's own
 */
export function judgeGrace(
  { pods, nodes, now }: ClusterView,
  drainMs: number,
  graceS: number | undefined,
): ClusterFinding[] {
  const area = 'grace'
  const moved = pods.filter(isMoved)
  // On a node that is not ready it waits for that one, and delays no drain of another.
  const ready = new Set(nodes.filter(({ isReady }) => isReady).map(({ name }) => name))
  const stuck = moved.filter(({ endsAt = now, node }) => now - endsAt > STUCK_MS && ready.has(node))
  const late = moved.filter((pod) => drainMs > 0 && (graceS ?? pod.graceS) * 1000 >= drainMs)
  return [
    ...stuck.map(({ namespace, name, endsAt = now }): ClusterFinding => ({
      level: 'blocks',
      area,
      object: `Pod ${namespace}/${name}`,
      message: `should have ended ${durationText(now - endsAt)} ago, and has not: a drain waits for it`,
      advice: 'see its finalizers, its volumes and its node: kubectl describe pod',
    })),
    ...[...groupBy(late, keeperOf)].flatMap(([object, [first]]): ClusterFinding[] => {
      if (first === undefined) return []
      const message = `may take ${durationText((graceS ?? first.graceS) * 1000)} to end, and Kured drains for ${durationText(drainMs)} at most`
      const advice = 'lower terminationGracePeriodSeconds, or raise drainTimeout and period'
      return [{ level: 'warning', area, object, message, advice }]
    }),
  ]
}

/** A kubelet that was away, or a slow volume, needs a while. */
const STUCK_MS = 10 * 60_000
