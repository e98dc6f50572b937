import { field, list, number, text } from '../kubernetes/json.ts'
import { podRequests, type Requests } from './requests.ts'
import { hasLabels, type LabelRule, nodeSelector, readLabels, type Labels } from './selector.ts'
import { type Toleration, readTolerations } from './taint.ts'

/** What a drain or a reboot has to do with of a pod that has not ended. */
export interface ClusterPod {
  namespace: string
  name: string
  /** '' for one that waits for a node */
  node: string
  labels: Labels
  /** the kind and name of what keeps it: "Deployment web"; undefined for nothing */
  owner: { kind: string; name: string } | undefined
  /** whether the kubelet runs it from a file, which no drain touches */
  isStatic: boolean
  graceS: number
  /** when it should have ended, in ms since 1970; undefined for one that is to stay */
  endsAt: number | undefined
  /** names of emptyDir volumes on a disk, and of hostPath volumes */
  emptyDirs: string[]
  hostPaths: string[]
  /** names of its claims */
  claims: string[]
  requests: Requests
  /** containers without such a probe */
  unready: string[]
  unwatched: string[]
  /** whether it says itself on which nodes its like may be */
  isSpread: boolean
  /** whether a node with such labels is one that it may be on */
  fitsLabels: LabelRule
  tolerations: Toleration[]
}

/** @returns undefined for a pod that has ended: a drain has nothing to do with it */
export function readPod(pod: unknown): ClusterPod | undefined {
  const phase = field(pod, 'status', 'phase')
  if (phase === 'Succeeded' || phase === 'Failed') return undefined
  const metadata = field(pod, 'metadata')
  const spec = field(pod, 'spec')
  const labels = readLabels(field(metadata, 'labels'))
  const containers = list(field(spec, 'containers'))
  const volumes = list(field(spec, 'volumes'))
  const without = (...probes: string[]) =>
    containers
      .filter((one) => probes.every((probe) => field(one, probe) === undefined))
      .map((one) => text(field(one, 'name')))
  const affinity = field(spec, 'affinity')
  const endsAt = Date.parse(text(field(metadata, 'deletionTimestamp')))
  return {
    namespace: text(field(metadata, 'namespace')),
    name: text(field(metadata, 'name')),
    node: text(field(spec, 'nodeName')),
    labels,
    owner: ownerOf(metadata, labels),
    isStatic: field(metadata, 'annotations', 'kubernetes.io/config.mirror') !== undefined,
    graceS: number(field(spec, 'terminationGracePeriodSeconds'), 30),
    endsAt: Number.isNaN(endsAt) ? undefined : endsAt,
    emptyDirs: namesOf(volumes, (one) => {
      const directory = field(one, 'emptyDir')
      return directory !== undefined && field(directory, 'medium') !== 'Memory'
    }),
    hostPaths: namesOf(volumes, (one) => field(one, 'hostPath') !== undefined),
    claims: volumes.flatMap((one) => {
      const claim = field(one, 'persistentVolumeClaim', 'claimName')
      return typeof claim === 'string' ? [claim] : []
    }),
    requests: podRequests(spec),
    unready: without('readinessProbe'),
    unwatched: without('livenessProbe', 'startupProbe'),
    isSpread:
      list(field(spec, 'topologySpreadConstraints')).length > 0 ||
      field(affinity, 'podAntiAffinity') !== undefined,
    fitsLabels: placement(spec),
    tolerations: readTolerations(field(spec, 'tolerations')),
  }
}

/** The replica sets of a deployment have its name and the hash of their pods. */
function ownerOf(metadata: unknown, labels: Labels): ClusterPod['owner'] {
  const owners = list(field(metadata, 'ownerReferences'))
  const owner = owners.find((one) => field(one, 'controller') === true)
  if (owner === undefined) return undefined
  const [kind, name] = [text(field(owner, 'kind')), text(field(owner, 'name'))]
  const hash = labels.get('pod-template-hash')
  if (kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: name.slice(0, -hash.length - 1) }
  }
  return { kind, name }
}

function namesOf(volumes: unknown[], is: (volume: unknown) => boolean): string[] {
  return volumes.filter(is).map((one) => text(field(one, 'name')))
}

function placement(spec: unknown): LabelRule {
  const wanted = readLabels(field(spec, 'nodeSelector'))
  const required = field(
    spec,
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
  )
  if (required === undefined) return (labels) => hasLabels(labels, wanted)
  const selects = nodeSelector(required)
  return (labels) => hasLabels(labels, wanted) && selects(labels)
}
