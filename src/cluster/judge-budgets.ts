import type { Budget } from './budget.ts'
import type { ClusterFinding } from './finding.ts'
import { groupBy, someOf } from './group.ts'
import type { ClusterPod } from './pod.ts'
import { type ClusterView, isMoved } from './view.ts'

const area = 'budget'

/** Budgets that let a drain take no pod, now or ever; and those that protect nothing. */
export function judgeBudgets(
  { budgets, pods }: ClusterView,
  goOn: () => void = () => {},
): ClusterFinding[] {
  const byNamespace = groupBy(pods, ({ namespace }) => namespace)
  const chosen = budgets.map((budget) => {
    goOn()
    const own = byNamespace.get(budget.namespace) ?? []
    return { budget, own: own.filter(({ labels }) => budget.selects(labels)) }
  })
  const twofold = listTwofold(chosen)
  // A change of such a pod is counted for one of its budgets alone. [disruption.go, getPdbForPod]
  const uncounted = new Set(twofold.flatMap(([, group]) => group))
  return [
    ...chosen
      .filter(({ budget }) => !uncounted.has(budget))
      .flatMap(({ budget, own }) => judgeBudget(budget, own)),
    ...judgeTwofold(twofold),
  ]
}

function objectOf({ namespace, name }: Budget): string {
  return `PodDisruptionBudget ${namespace}/${name}`
}

function judgeBudget(budget: Budget, own: ClusterPod[]): ClusterFinding[] {
  const object = objectOf(budget)
  // Pods that came after the list of pods are the controller's to count.
  if (own.length === 0 && budget.expected === 0) {
    const message = 'selects no pod: it protects nothing'
    return [
      { level: 'warning', area, object, message, advice: 'correct its selector, or remove it' },
    ]
  }
  // What no drain touches may be protected as it likes.
  if (own.length > 0 && !own.some(isMoved)) return []
  const blocked = judgeAllowed(budget)
  if (blocked !== undefined) return [{ level: 'blocks', area, object, ...blocked }]
  if (budget.letsUnhealthyGo) return []
  const message = 'holds pods that never become ready, too, when not enough others are'
  const advice = 'set unhealthyPodEvictionPolicy: AlwaysAllow'
  return [{ level: 'hint', area, object, message, advice }]
}

function judgeAllowed(budget: Budget): Pick<ClusterFinding, 'message' | 'advice'> | undefined {
  const { namespace, rule, expected, healthy, desired, allowed, failure } = budget
  // First: a budget that fails never gets to be counted. [disruption.go, failSafe; tested, 1.37]
  if (failure !== '') {
    const advice = 'let it select pods of one Deployment, StatefulSet or ReplicaSet'
    return { message: `allows no disruption, as it cannot be counted: ${failure}`, advice }
  }
  if (!budget.isCounted) {
    const message = 'has not been counted by the controller yet: until then it allows nothing'
    return { message, advice: 'ask again; if it stays so, see kube-controller-manager’s log' }
  }
  if (allowed > 0) return undefined
  if (desired >= expected) {
    const message = `allows no disruption, ever: ${rule}, of ${expected} pod${expected === 1 ? '' : 's'}`
    return { message, advice: 'let it spare one pod: more replicas, or maxUnavailable: 1' }
  }
  const message = `allows no disruption now: ${healthy} of ${expected} pods are healthy, and ${desired} must be`
  const go = budget.letsUnhealthyGo
    ? ''
    : '; unhealthyPodEvictionPolicy: AlwaysAllow lets broken ones go'
  return { message, advice: `see what is wrong: kubectl get pods --namespace ${namespace}${go}` }
}

type Twofold = [pod: ClusterPod, budgets: Budget[]]

function listTwofold(chosen: { budget: Budget; own: ClusterPod[] }[]): Twofold[] {
  const of = new Map<ClusterPod, Budget[]>()
  for (const { budget, own } of chosen) {
    for (const pod of own.filter(isMoved)) {
      const budgets = of.get(pod)
      if (budgets === undefined) of.set(pod, [budget])
      else budgets.push(budget)
    }
  }
  return [...of].filter(([, budgets]) => budgets.length > 1)
}

/** A pod of two budgets can never be evicted. [Kubernetes, Eviction API: 500] */
function judgeTwofold(twofold: Twofold[]): ClusterFinding[] {
  const groups = groupBy(twofold, ([, budgets]) => nameAll(budgets))
  return [...groups].map(([object, group]) => ({
    level: 'blocks',
    area,
    object,
    message: `have the same pods, which nobody can evict then: ${someOf(group.map(([{ name }]) => name))}`,
    advice: 'let each pod have one budget',
  }))
}

function nameAll(budgets: Budget[]): string {
  const more = budgets.length - MOST_NAMED
  const names = budgets.slice(0, MOST_NAMED).map(objectOf)
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(' and ')
}

const MOST_NAMED = 3
