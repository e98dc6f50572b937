/** What runs on the test cluster: small deployments, and the budgets for them. */
import type { Cluster } from './cluster.ts'
import { deploymentOf } from './deployment.ts'
import { until } from './until.ts'

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'

/** Something in the API that goes again, with `await using` at the end of the block. */
interface Made extends AsyncDisposable {
  remove: () => Promise<void>
}

function made(undo: () => Promise<void>): Made {
  let removing: Promise<void> | undefined
  const once = () => (removing ??= undo())
  return { remove: once, [Symbol.asyncDispose]: once }
}

/** Makes a deployment, and waits until all of its pods run. */
export async function deploy(
  cluster: Cluster,
  name: string,
  { replicas = 1, annotations = {} }: { replicas?: number; annotations?: object } = {},
): Promise<Made> {
  const spec = {
    terminationGracePeriodSeconds: 60,
    containers: [{ name, image: `lab/${name}` }],
  }
  await cluster.api.create(DEPLOYMENTS, deploymentOf(name, replicas, spec, annotations))
  await allRun(cluster, name)
  return made(() => remove(cluster, name))
}

/** Waits until as many pods of a deployment are available as it wants. */
export async function allRun(cluster: Cluster, name: string): Promise<void> {
  await until(`all pods of ${name} run`, async () => {
    const { spec, status } = await cluster.api.get(`${DEPLOYMENTS}/${name}`)
    return status.availableReplicas === spec.replicas
  })
}

export async function budget(cluster: Cluster, name: string, spec: object): Promise<Made> {
  await cluster.api.create(BUDGETS, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, ...spec },
  })
  const path = `${BUDGETS}/${name}`
  await until(`the budget ${name} is counted`, async () => {
    const { metadata, status } = await cluster.api.get(path)
    return status.observedGeneration === metadata.generation
  })
  return made(async () => {
    await cluster.api.delete(path)
  })
}

/** Waits until a drain has asked a pod of the deployment to end. */
export async function isBeingEvicted(cluster: Cluster, name: string): Promise<void> {
  const pods = `/api/v1/namespaces/default/pods?labelSelector=app%3D${name}`
  await until(`${name} is evicted`, async () => {
    const items = await cluster.api.items(pods)
    return items.some(({ metadata }) => metadata.deletionTimestamp !== undefined)
  })
}

async function remove(cluster: Cluster, name: string): Promise<void> {
  await cluster.api.delete(`${DEPLOYMENTS}/${name}`)
  const pods = `/api/v1/namespaces/default/pods?labelSelector=app%3D${name}`
  await until(`${name} is gone`, async () => (await cluster.api.items(pods)).length === 0)
}
