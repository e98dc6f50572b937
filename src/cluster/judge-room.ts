import type { ClusterFinding } from './finding.ts'
import { groupBy, someOf } from './group.ts'
import type { ClusterNode } from './node.ts'
import type { ClusterPod } from './pod.ts'
import { tolerates } from './taint.ts'
import { type ClusterView, isMoved } from './view.ts'

/** What is left of a node for more pods. */
interface Room {
  node: ClusterNode
  cpu: number
  memory: number
  pods: number
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
  const sum = (of: 'cpu' | 'memory') => pods.reduce((all, { requests }) => all + requests[of], 0)
  const { cpu, memory, pods: most } = node.allocatable
  return { node, cpu: cpu - sum('cpu'), memory: memory - sum('memory'), pods: most - pods.length }
}

function judgeNode(
  { name }: ClusterNode,
  pods: ClusterPod[],
  others: Room[],
  goOn: () => void,
): ClusterFinding[] {
  const object = `Node ${name}`
  const rooms = others.map((room) => ({ ...room }))
  const bound: ClusterPod[] = []
  const homeless: ClusterPod[] = []
  for (const pod of pods.toSorted(largestFirst)) {
    goOn()
    const possible = rooms.filter((room) => mayBeOn(pod, room.node))
    const room = possible.find((one) => fits(pod, one))
    if (room !== undefined) {
      room.cpu -= pod.requests.cpu
      room.memory -= pod.requests.memory
      room.pods -= 1
    } else (possible.length === 0 ? bound : homeless).push(pod)
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

function fits({ requests }: ClusterPod, { cpu, memory, pods }: Room): boolean {
  return requests.cpu <= cpu && requests.memory <= memory && pods >= 1
}

function largestFirst(one: ClusterPod, other: ClusterPod): number {
  return other.requests.memory - one.requests.memory || other.requests.cpu - one.requests.cpu
}

function namesOf(pods: ClusterPod[]): string {
  return someOf(pods.map(({ namespace, name }) => `${namespace}/${name}`))
}
