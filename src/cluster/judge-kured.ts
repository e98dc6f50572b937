import { judgeSettings, KURED_VALUES, readTurns } from '../kubernetes/kured-settings.ts'
import { durationText } from '../text/duration.ts'
import type { ClusterFinding } from './finding.ts'
import { type ClusterView, isBelow, type KuredSet } from './view.ts'

/** The gate's and a slow boot's time, beside the drain's. */
const GATE_AND_BOOT_MS = 40 * 60_000

/** Kured as its DaemonSet says: whether it runs everywhere, its settings, and its lock. */
export function judgeKureds({ kureds, nodes, now }: ClusterView): ClusterFinding[] {
  if (kureds.length === 0) {
    const message = 'is not there: no node is drained and rebooted'
    return [{ level: 'warning', area: 'kured', object: 'Kured', message, advice: KURED_VALUES }]
  }
  const names = new Set(nodes.map(({ name }) => name))
  return [...judgeSeveral(kureds), ...kureds.flatMap((kured) => judgeOne(kured, names, now))]
}

/** Each DaemonSet is a lock of its own. [Kured, daemonsetlock] */
function judgeSeveral(kureds: readonly KuredSet[]): ClusterFinding[] {
  const running = kureds.filter(({ wanted }) => wanted > 0)
  if (running.length < 2) return []
  const object = running.map(({ name }) => `DaemonSet ${name}`).join(' and ')
  const message = `are Kured ${running.length} times, each with a lock of its own: so many nodes may be away at once`
  return [{ level: 'warning', area: 'kured', object, message, advice: 'remove all but one' }]
}

function judgeOne(kured: KuredSet, names: Set<string>, now: number): ClusterFinding[] {
  return [
    ...judgeRunning(kured, names.size),
    ...kured.containers.flatMap((container) =>
      judgeSettings(container, undefined)
        .filter(({ state }) => state !== 'ok')
        .map(({ state, message, advice = '' }): ClusterFinding => ({
          level: state === 'wrong' ? 'blocks' : 'warning',
          area: 'kured',
          object: `DaemonSet ${kured.name}`,
          message,
          advice,
        })),
    ),
    ...judgeLocks(kured, names, now),
  ]
}

function judgeRunning({ name, wanted, ready }: KuredSet, nodes: number): ClusterFinding[] {
  const object = `DaemonSet ${name}`
  const [namespace] = name.split('/')
  if (ready < wanted) {
    const message = `is ready on ${ready} of ${wanted} nodes: the others are not rebooted`
    const advice = `kubectl get pods --namespace ${namespace}`
    return [{ level: 'warning', area: 'kured', object, message, advice }]
  }
  if (wanted >= nodes) return []
  if (wanted === 0) {
    const message = 'is for no node: none is drained and rebooted'
    const advice = `see its nodeSelector and tolerations: kubectl describe daemonset --namespace ${namespace}`
    return [{ level: 'warning', area: 'kured', object, message, advice }]
  }
  const message = `is for ${wanted} of ${nodes} nodes: the others are not rebooted`
  const advice = 'set tolerations for their taints, if they are to be (kubectl describe node)'
  return [{ level: 'hint', area: 'kured', object, message, advice }]
}

function judgeLocks(kured: KuredSet, nodes: Set<string>, now: number): ClusterFinding[] {
  const drain = kured.containers.map((one) => readTurns(one)?.drainTimeout ?? 0)
  const usual = Math.max(...drain, 0) + GATE_AND_BOOT_MS
  const object = `DaemonSet ${kured.name}`
  const remove = `kubectl annotate --namespace ${kured.name.replace('/', ' daemonset ')} ${kured.lockName}-`
  if (kured.locks === undefined) {
    const message = 'has a lock that cannot be read: Kured ends with it, and no node is rebooted'
    return [{ level: 'blocks', area: 'lock', object, message, advice: remove }]
  }
  const advice = `see that node; then ${remove}`
  return kured.locks.flatMap(({ node, created, ttlMs }): ClusterFinding[] => {
    const age = now - Date.parse(created)
    const ends = ttlMs > 0 ? ` until it is ${durationText(ttlMs)} old` : ''
    if (ttlMs > 0 && age >= ttlMs) return []
    if (!nodes.has(node)) {
      const message = `has a lock of ${node || 'nobody'}, which is no node: no other is rebooted${ends}`
      return [{ level: 'blocks', area: 'lock', object, message, advice }]
    }
    if (isBelow(age, usual)) return []
    const since = age >= 0 ? durationText(age) : 'nobody knows how long'
    const message = `has been locked by ${node} for ${since}: no other is rebooted${ends}`
    return [{ level: 'blocks', area: 'lock', object, message, advice }]
  })
}
