/** Fills the API with a cluster of some size, without any machine behind it. */
import { availableParallelism } from 'node:os'
import { ifThere, type Resource } from './api.ts'
import { accountOf, type Cluster } from './cluster.ts'
import { deploymentOf } from './deployment.ts'
import { nodeStatus, podStatus } from './status.ts'
import { until } from './until.ts'

export interface Crowd {
  nodes: number
  deployments: number
  /** pods of each deployment */
  replicas: number
}

/** As many requests at a time as keep an apiserver of this machine busy. */
const LANES = 16 * availableParallelism()
const NAMESPACE = 'crowd'
const CORE = `/api/v1/namespaces/${NAMESPACE}`
const APPS = `/apis/apps/v1/namespaces/${NAMESPACE}`

/**
 * Makes nodes that are ready, and deployments whose pods run on them, one node after the other. The
 * pods are made while no controller looks, with their node and owner from the start: scheduled and
 * counted one by one they take twice as long. 200 nodes with 5,000 pods: less than a minute.
 */
export async function makeCrowd(cluster: Cluster, crowd: Crowd): Promise<void> {
  const { api } = cluster
  await api.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  })
  await until('the account of the namespace', () => ifThere(api.get(accountOf(NAMESPACE))))
  await cluster.withoutControllers(async () => {
    await eachOf(crowd.nodes, (n) => makeNode(cluster, nodeName(n)))
    await eachOf(crowd.deployments, (n) => makeDeployment(cluster, n, crowd))
  })
  const isCounted = async () => {
    const deployments = await api.items(`${APPS}/deployments`)
    return deployments.every(({ status }) => status.availableReplicas === crowd.replicas)
  }
  // Alone they need seconds for it.
  await until('the controllers have counted all pods', isCounted, 300_000)
}

/** A node that nobody stands behind. */
export async function makeNode({ api }: Cluster, name: string, ready = 'True'): Promise<void> {
  const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' }
  await api.create('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } })
  await api.patch(`/api/v1/nodes/${name}/status`, { status: nodeStatus(name, name, ready) })
}

/** With its replica set and pods, as the controllers would make them. */
async function makeDeployment({ api }: Cluster, n: number, crowd: Crowd): Promise<void> {
  const { nodes, replicas } = crowd
  const name = `app-${n}`
  const requests = { cpu: '50m', memory: '64Mi' }
  const spec = { containers: [{ name: 'app', image: 'lab/app', resources: { requests } }] }
  const labels = { app: name }
  const hashed = { ...labels, 'pod-template-hash': '1' }
  const body = deploymentOf(name, replicas, spec)
  const deployment = await api.create(`${APPS}/deployments`, body)
  const set = await api.create(`${APPS}/replicasets`, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-1`,
      labels: hashed,
      annotations: { 'deployment.kubernetes.io/revision': '1' },
      ownerReferences: [ownerOf(deployment)],
    },
    spec: {
      replicas,
      selector: { matchLabels: hashed },
      template: { metadata: { labels: hashed }, spec },
    },
  })
  for (let pod = 0; pod < replicas; pod += 1) {
    const made = await api.create(`${CORE}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${name}-1-${pod}`, labels: hashed, ownerReferences: [ownerOf(set)] },
      spec: { ...spec, nodeName: nodeName((n * replicas + pod) % nodes) },
    })
    await api.patch(`${CORE}/pods/${name}-1-${pod}/status`, { status: podStatus(made) })
  }
}

function ownerOf({ apiVersion, kind, metadata }: Resource): object {
  const { name, uid } = metadata
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
}

function nodeName(n: number): string {
  return `crowd-${n}`
}

/** Does it for the numbers below `count`, some at a time. */
async function eachOf(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) {
      next += 1
      await work(next - 1)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}
