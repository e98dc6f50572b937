import { judgeSettings, KURED_VALUES, readTurns } from '../kubernetes/kured-settings.ts'
import { durationText } from '../text/duration.ts'
import type { ClusterFinding } from './finding.ts'
import type { ClusterView, KuredSet } from './view.ts'

/** The gate's and a slow boot's time, beside the drain's. */
const GATE_AND_BOOT_MS = 40 * 60_000

/** Kured as its DaemonSet says: whether it runs everywhere, its settings, and its lock. */
export function judgeKureds({ kureds, nodes, now }: ClusterView): ClusterFinding[] {
  if (kureds.length === 0) {
    const message = 'is not there: no node is drained and rebooted'
    return [{ level: 'warning', area: 'kured', object: 'Kured', message, advice: KURED_VALUES }]
  }
  const names = new Set(nodes.map(({ name }) => name))
  return kureds.flatMap((kured) => [
    ...judgeRunning(kured, nodes.length),
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
  ])
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
  const message = `is for ${wanted} of ${nodes} nodes: the others are not rebooted`
  const advice = 'set tolerations for their taints, if they are to be (kubectl describe node)'
  return [{ level: 'hint', area: 'kured', object, message, advice }]
}

function judgeLocks(kured: KuredSet, nodes: Set<string>, now: number): ClusterFinding[] {
  const drain = kured.containers.map((one) => readTurns(one)?.drainTimeout ?? 0)
  const usual = Math.max(...drain, 0) + GATE_AND_BOOT_MS
  return kured.locks.flatMap(({ node, created, ttlMs }): ClusterFinding[] => {
    const object = `DaemonSet ${kured.name}`
    const age = now - Date.parse(created)
    const ends = ttlMs > 0 ? ` until it is ${durationText(ttlMs)} old` : ''
    const advice = `see that node; then kubectl annotate --namespace ${kured.name.replace('/', ' daemonset ')} weave.works/kured-node-lock-`
    if (ttlMs > 0 && age >= ttlMs) return []
    if (!nodes.has(node)) {
      const message = `has a lock of ${node}, which is no node: no other is rebooted${ends}`
      return [{ level: 'blocks', area: 'lock', object, message, advice }]
    }
    if (age < usual) return []
    const since = Number.isNaN(age) ? 'nobody knows when' : durationText(age)
    const message = `has been locked by ${node} for ${since}: no other is rebooted${ends}`
    return [{ level: 'blocks', area: 'lock', object, message, advice }]
  })
}
