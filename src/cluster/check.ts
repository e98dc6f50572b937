import { Exit } from '../errors.ts'
import { kuredOption } from '../kubernetes/kured.ts'
import { readTurns } from '../kubernetes/kured-settings.ts'
import type { ClusterFinding, ClusterLevel } from './finding.ts'
import { judgeBudgets } from './judge-budgets.ts'
import { judgeKureds } from './judge-kured.ts'
import { judgeNodes } from './judge-nodes.ts'
import { judgeRoom } from './judge-room.ts'
import {
  judgeBarePods,
  judgeGrace,
  judgeProbes,
  judgeReplicas,
  judgeVolumes,
} from './judge-workloads.ts'
import { planRound, type Round } from './round.ts'
import { type ClusterView, listWorkloads } from './view.ts'

/** Whether a cluster is fit for drains and reboots. */
export interface Fitness {
  verdict: 'fit' | 'warnings' | 'blocked'
  exitCode: number
  nodes: number
  pods: number
  /** what blocks first, then warnings, then hints */
  findings: ClusterFinding[]
  /** undefined where no Kured is there, or its times cannot be read */
  round: Round | undefined
}

const ORDER: readonly ClusterLevel[] = ['blocks', 'warning', 'hint']

/**
 * Judges what was collected. Pure.
 *
 * @param goOn is called before each step, and throws where no time is left: who may make objects in a
 * cluster may make so many, with so many rules, that this takes hours
 */
export function judgeCluster(view: ClusterView, goOn: () => void = () => {}): Fitness {
  const workloads = listWorkloads(view)
  const [container] = view.kureds.flatMap(({ containers }) => containers)
  const drainMs = container && readTurns(container)?.drainTimeout
  const all = [
    ...judgeKureds(view),
    ...judgeBudgets(view, goOn),
    ...judgeNodes(view),
    ...judgeRoom(view, goOn),
    ...judgeBarePods(view),
    ...judgeReplicas(view, workloads),
    ...judgeVolumes(view, workloads),
    ...judgeGrace(view, drainMs ?? 0, graceOf(container)),
    ...judgeProbes(view, workloads, goOn),
    ...judgeDeschedulers(view),
  ]
  const round = container && planRound(container, view.nodes.length)
  const findings = [...all, ...judgeRound(round)]
  const ordered = ORDER.flatMap((level) => findings.filter((one) => one.level === level))
  const worst = ordered[0]?.level ?? 'hint'
  const verdict = worst === 'blocks' ? 'blocked' : worst === 'warning' ? 'warnings' : 'fit'
  const exitCode = { blocked: Exit.attention, warnings: 1, fit: Exit.ok }[verdict]
  return {
    verdict,
    exitCode,
    nodes: view.nodes.length,
    pods: view.pods.length,
    findings: ordered,
    round,
  }
}

/** What Kured gives each pod to end, if not what the pod itself wants. */
function graceOf(container: Parameters<typeof kuredOption>[0] | undefined): number | undefined {
  if (container === undefined) return undefined
  const option = kuredOption(container, 'drain-grace-period')
  const seconds = 'value' in option ? Number(option.value ?? -1) : -1
  return seconds >= 0 ? seconds : undefined
}

/** All evict through the API, so budgets hold for it too. [descheduler’s README] */
function judgeDeschedulers({ deschedulers, nodes }: ClusterView): ClusterFinding[] {
  if (nodes.length < 2 || deschedulers.some(({ runs }) => runs)) return []
  const [one] = deschedulers
  const object = one?.object ?? 'descheduler'
  const message = `${one === undefined ? 'is not there' : 'does not run'}: after a round the node that was last stays empty`
  const advice = 'see docs/kubernetes.md, After a round'
  return [{ level: 'hint', area: 'descheduler', object, message, advice }]
}

/** A round that takes longer than a week meets the next one. */
const LONG_NIGHTS = 7

function judgeRound(round: Round | undefined): ClusterFinding[] {
  if (round === undefined || round.nights <= LONG_NIGHTS) return []
  const message = `takes about ${round.nights} nights for ${round.nodes} nodes`
  const advice =
    'a longer window (startTime, endTime), or a shorter period with a shorter drainTimeout'
  return [{ level: 'warning', area: 'round', object: 'Kured’s round', message, advice }]
}
