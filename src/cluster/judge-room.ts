import type { ClusterFinding } from './finding.ts'
import { groupBy, someOf } from './group.ts'
import type { ClusterNode } from './node.ts'
import type { ClusterPod } from './pod.ts'
import { tolerates } from './taint.ts'
import { type ClusterView, isMoved } from './view.ts'

/** What is left of a node for more pods. */
interface Room {
  node: ClusterNode
  left: Map<string, number>
}

const area = 'room'

/**
 * Whether the pods of each node find a place on the others while it is away. By their requests,
 * node selectors, node affinities and taints; rules between pods are not looked at, and the order is
 * not the scheduler's. So it is a good estimate, and no promise.
 */
export function judgeRoom(
  { nodes, pods, localClaims }: ClusterView,
  goOn: () => void = () => {},
): ClusterFinding[] {
  const [first] = nodes
  if (nodes.length === 1 && first !== undefined) {
    const message = 'is the only node: everything is away while it reboots'
    const advice = 'a second node, or hold reboots to a time when that is fine'
    return [{ level: 'warning', area, object: `Node ${first.name}`, message, advice }]
  }
  const byNode = groupBy(pods, ({ node }) => node)
  const rooms = nodes
    .filter(({ isReady, isCordoned }) => isReady && !isCordoned)
    .map((node) => roomOf(node, byNode.get(node.name) ?? []))
  return nodes.flatMap((node) => {
    const others = rooms.filter((room) => room.node !== node)
    // One with its data here waits until the node is back: judgeVolumes() says so.
    const waits = ({ namespace, claims }: ClusterPod) =>
      claims.some((claim) => localClaims.has(`${namespace}/${claim}`))
    const moved = (byNode.get(node.name) ?? []).filter((pod) => isMoved(pod) && !waits(pod))
    return judgeNode(node, moved, others, goOn)
  })
}

function roomOf(node: ClusterNode, pods: ClusterPod[]): Room {
  const left = new Map(node.allocatable)
  for (const pod of pods) take(left, pod)
  return { node, left }
}

function take(left: Map<string, number>, { requests }: ClusterPod): void {
  for (const [name, amount] of requests) left.set(name, (left.get(name) ?? 0) - amount)
}

function judgeNode(
  { name }: ClusterNode,
  pods: ClusterPod[],
  others: Room[],
  goOn: () => void,
): ClusterFinding[] {
  const object = `Node ${name}`
  const rooms = others.map(({ node, left }) => ({ node, left: new Map(left) }))
  const bound: ClusterPod[] = []
  const homeless: ClusterPod[] = []
  for (const pod of pods.toSorted(largestFirst)) {
    goOn()
    const possible = rooms.filter((room) => mayBeOn(pod, room.node))
    const room = possible.find((one) => fits(pod, one))
    if (room !== undefined) take(room.left, pod)
    else (possible.length === 0 ? bound : homeless).push(pod)
  }
  const findings: ClusterFinding[] = []
  if (bound.length > 0) {
    const message = `has pods that may be on no other node: ${namesOf(bound)}. They wait until it is back`
    const advice = 'see their nodeSelector, affinity and tolerations, and which nodes are cordoned'
    findings.push({ level: 'warning', area, object, message, advice })
  }
  if (homeless.length > 0) {
    const message = `has pods that the other nodes have no room for: ${namesOf(homeless)}`
    const advice = 'lower requests or replicas, or add a node'
    findings.push({ level: 'warning', area, object, message, advice })
  }
  return findings
}

function mayBeOn(
  { fitsLabels, tolerations }: ClusterPod,
  { labels, taints }: ClusterNode,
): boolean {
  return fitsLabels(labels) && tolerates(tolerations, taints)
}

function fits({ requests }: ClusterPod, { left }: Room): boolean {
  return [...requests].every(([name, amount]) => amount === 0 || amount <= (left.get(name) ?? 0))
}

function largestFirst({ requests: one }: ClusterPod, { requests: other }: ClusterPod): number {
  const more = (name: string) => (other.get(name) ?? 0) - (one.get(name) ?? 0)
  return more('memory') || more('cpu')
}

function namesOf(pods: ClusterPod[]): string {
  return someOf(pods.map(({ namespace, name }) => `${namespace}/${name}`))
}
