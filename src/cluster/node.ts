import { field, list, text } from '../kubernetes/json.ts'
import { readRequests, type Requests } from './requests.ts'
import { type Labels, readLabels } from './selector.ts'
import { readTaints, type Taint } from './taint.ts'

const CORDONED = 'node.kubernetes.io/unschedulable'

export interface ClusterNode {
  name: string
  /** with metadata.name, which node selectors may ask for */
  labels: Labels
  isReady: boolean
  isCordoned: boolean
  /** ms since 1970; undefined where that is not known */
  cordonedAt: number | undefined
  /** without that of the cordon */
  taints: Taint[]
  allocatable: Requests
}

export function readNode(node: unknown): ClusterNode {
  const name = text(field(node, 'metadata', 'name'))
  const taints = readTaints(field(node, 'spec', 'taints'))
  const cordoned = taints.find(({ key }) => key === CORDONED)
  const since = Date.parse(cordoned?.since ?? '')
  const ready = list(field(node, 'status', 'conditions')).find(
    (one) => field(one, 'type') === 'Ready',
  )
  return {
    name,
    labels: new Map([...readLabels(field(node, 'metadata', 'labels')), ['metadata.name', name]]),
    isReady: field(ready, 'status') === 'True',
    isCordoned: field(node, 'spec', 'unschedulable') === true,
    cordonedAt: Number.isNaN(since) ? undefined : since,
    taints: taints.filter(({ key }) => key !== CORDONED),
    allocatable: readRequests(field(node, 'status', 'allocatable')),
  }
}
