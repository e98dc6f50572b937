import type { KuredContainer } from '../kubernetes/kured.ts'
import type { Budget } from './budget.ts'
import { groupBy } from './group.ts'
import type { ClusterNode } from './node.ts'
import type { ClusterPod } from './pod.ts'
import type { Labels } from './selector.ts'

/** A DaemonSet whose pods are Kured. */
export interface KuredSet {
  /** "kured-system/kured" */
  name: string
  containers: KuredContainer[]
  /** the annotation that is its lock */
  lockName: string
  /** by whom and since when it is held; ISO 8601 as written there; undefined if that is unreadable */
  locks: { node: string; created: string; ttlMs: number }[] | undefined
  /** on how many nodes it should run, and does */
  wanted: number
  ready: number
}

/** A Deployment or CronJob whose image is descheduler's. */
export interface Descheduler {
  /** "Deployment kube-system/descheduler" */
  object: string
  runs: boolean
}

/** All that a judgement needs of a cluster, at about one moment. */
export interface ClusterView {
  /** by this machine's clock, in ms */
  now: number
  nodes: ClusterNode[]
  /** those that have not ended */
  pods: ClusterPod[]
  budgets: Budget[]
  /** the replicas wanted, by workloadKey() */
  replicas: ReadonlyMap<string, number>
  /** the selectors of services, by namespace */
  services: ReadonlyMap<string, Labels[]>
  /** claims whose volume is on one node alone: "namespace/claim" → node, '' if unknown */
  localClaims: ReadonlyMap<string, string>
  kureds: KuredSet[]
  deschedulers: Descheduler[]
}

/** The pods that one object keeps. */
export interface Workload {
  /** "Deployment web/shop" */
  object: string
  namespace: string
  kind: string
  /** how many it wants, or has where that is not known */
  replicas: number
  /** at least one */
  pods: ClusterPod[]
  first: ClusterPod
}

export function workloadKey(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`
}

/** What keeps a pod, or the pod itself where nothing does: "Deployment web/shop". */
export function keeperOf({ namespace, name, owner }: ClusterPod): string {
  return owner === undefined
    ? workloadKey('Pod', namespace, name)
    : workloadKey(owner.kind, namespace, owner.name)
}

/** What a drain leaves alone, or what ends by itself. */
const NOT_MOVED = ['DaemonSet', 'Node', 'Job']

/** Whether a drain moves it: nothing of a DaemonSet, and no static pod. [kubectl drain] */
export function isMoved({ owner, isStatic }: ClusterPod): boolean {
  return !isStatic && owner?.kind !== 'DaemonSet' && owner?.kind !== 'Node'
}

/** The objects that keep pods which a drain moves, and that should go on without a gap. */
export function listWorkloads({ pods, replicas }: ClusterView): Workload[] {
  const groups = groupBy(pods, (pod) =>
    pod.owner === undefined || pod.isStatic || NOT_MOVED.includes(pod.owner.kind)
      ? ''
      : keeperOf(pod),
  )
  groups.delete('')
  return [...groups].flatMap(([object, own]) => {
    const [first] = own
    if (first?.owner === undefined) return []
    const { namespace, owner } = first
    const wanted = replicas.get(object) ?? own.length
    return [{ object, namespace, kind: owner.kind, replicas: wanted, pods: own, first }]
  })
}

/** Clocks differ a little. */
const SKEW_MS = 5 * 60_000

/** Whether an age is less than so many ms. What will only begin, or nobody knows when, has none. */
export function isBelow(ageMs: number, limitMs: number): boolean {
  return ageMs > -SKEW_MS && ageMs < limitMs
}
