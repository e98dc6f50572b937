/** Objects that are fit for drains, and such that are not, in one way each. */
import { ifThere, type Resource } from './api.ts'
import type { Cluster } from './cluster.ts'
import { deploymentOf } from './deployment.ts'
import { until } from './until.ts'

/** A path of the API, and what is made there. */
type Objects = [path: string, body: Resource][]

const CORE = '/api/v1/namespaces/default'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'

const probe = { tcpSocket: { port: 80 } }

/** A deployment of two pods that has all it should; `pod` and `container` change or take away. */
function deployment(
  name: string,
  { replicas = 2, pod = {}, container = {}, annotations = {} }: Partial<Deployed> = {},
): Objects[number] {
  const labels = { app: name }
  const spread = {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: labels },
  }
  const app = { name: 'app', image: `lab/${name}`, readinessProbe: probe, livenessProbe: probe }
  const spec = {
    topologySpreadConstraints: [spread],
    containers: [{ ...app, ...container }],
    ...pod,
  }
  return [DEPLOYMENTS, deploymentOf(name, replicas, spec, annotations)]
}

interface Deployed {
  replicas: number
  pod: object
  container: object
  annotations: object
}

/** How many healthy pods a budget counts once all is settled; of two for one pod one never is. */
const HEALTHY = 'lab/healthy'
/** None: the controller cannot count it. */
const FAILS = -1

function budget(
  name: string,
  spec: object,
  app = name,
  healthy: number | undefined = app === name ? 2 : undefined,
): Objects[number] {
  const always = { unhealthyPodEvictionPolicy: 'AlwaysAllow' }
  const metadata = { name, annotations: healthy === undefined ? {} : { [HEALTHY]: `${healthy}` } }
  const selector = { matchLabels: { app } }
  const body = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata }
  return [BUDGETS, { ...body, spec: { selector, ...always, ...spec } }]
}

/** Its pod has an owner that nobody can scale. */
function job(name: string): Objects[number] {
  const containers = [{ name: 'app', image: `lab/${name}` }]
  const template = {
    metadata: { labels: { app: name } },
    spec: { restartPolicy: 'Never', containers },
  }
  const body = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { template } }
  return ['/apis/batch/v1/namespaces/default/jobs', body]
}

function service(app: string): Objects[number] {
  const spec = { selector: { app }, ports: [{ port: 80 }] }
  return [`${CORE}/services`, { apiVersion: 'v1', kind: 'Service', metadata: { name: app }, spec }]
}

/** A workload that a drain does no harm. */
export const GOOD: Objects = [
  deployment('good'),
  budget('good', { maxUnavailable: 1 }),
  service('good'),
]

/** It runs now and then, and never during the test. */
export const DESCHEDULER: Objects = [
  [
    '/apis/batch/v1/namespaces/default/cronjobs',
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'descheduler' },
      spec: {
        schedule: '0 0 31 2 *',
        jobTemplate: {
          spec: {
            template: {
              spec: {
                restartPolicy: 'Never',
                containers: [
                  { name: 'd', image: 'registry.k8s.io/descheduler/descheduler:v0.34.0' },
                ],
              },
            },
          },
        },
      },
    },
  ],
]

/** What is wrong in each way, and what is said of it; `crashes` is the annotation of such pods. */
export function wrongObjects(
  node: string,
  crashes: string,
): { objects: Objects; says: RegExp[] }[] {
  const onNode = { nodeSelector: { 'kubernetes.io/hostname': node } }
  const image = { name: 'app', image: 'lab/bare' }
  return [
    {
      objects: [deployment('never'), budget('never', { maxUnavailable: 0 })],
      says: [
        /^blocks budget: PodDisruptionBudget default\/never allows no disruption, ever: maxUnavailable 0, of 2 pods$/,
      ],
    },
    {
      objects: [deployment('all'), budget('all', { minAvailable: '100%' })],
      says: [
        /^blocks budget: .*default\/all allows no disruption, ever: minAvailable 100%, of 2 pods$/,
      ],
    },
    {
      objects: [
        deployment('broken', { annotations: { [crashes]: 'yes' } }),
        budget('broken', { maxUnavailable: 1 }, 'broken', 0),
      ],
      says: [
        /^blocks budget: .*default\/broken allows no disruption now: 0 of 2 pods are healthy, and 1 must be$/,
      ],
    },
    {
      objects: [
        deployment('twofold'),
        budget('twofold-a', { maxUnavailable: 1 }, 'twofold'),
        budget('twofold-b', { maxUnavailable: 1 }, 'twofold'),
      ],
      says: [
        /^blocks budget: .*default\/twofold-a and .*\/twofold-b have the same pods, .*: twofold-\S+, twofold-\S+$/,
      ],
    },
    {
      objects: [budget('nothing', { maxUnavailable: 1 }, 'nothing', 0)],
      says: [/^warning budget: .*default\/nothing selects no pod: it protects nothing$/],
    },
    {
      objects: [job('batch'), budget('batch', { maxUnavailable: 1 }, 'batch', FAILS)],
      says: [
        /^blocks budget: .*default\/batch allows no disruption, as it cannot be counted: .*scale/,
      ],
    },
    {
      objects: [
        deployment('unhealthy'),
        budget('unhealthy', { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'IfHealthyBudget' }),
      ],
      says: [/^hint budget: .*default\/unhealthy holds pods that never become ready, too/],
    },
    {
      objects: [
        [
          `${CORE}/pods`,
          {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'bare' },
            spec: { containers: [image] },
          },
        ],
      ],
      says: [
        /^warning pod: Pod default\/bare has no controller: a drain deletes it, and nobody starts it again$/,
      ],
    },
    {
      objects: [
        [
          `${CORE}/pods`,
          {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'sleepy' },
            spec: { containers: [image], terminationGracePeriodSeconds: 7200 },
          },
        ],
      ],
      says: [
        /^warning pod: Pod default\/sleepy has no controller/,
        /^warning grace: Pod default\/sleepy may take 2h to end, and Kured drains for 8min at most$/,
      ],
    },
    {
      objects: [
        deployment('scratch', {
          pod: {
            volumes: [
              { name: 'disk', emptyDir: {} },
              { name: 'memory', emptyDir: { medium: 'Memory' } },
              { name: 'socket', hostPath: { path: '/run' } },
            ],
          },
        }),
      ],
      says: [
        /^hint volume: Deployment default\/scratch keeps on the node what does not move along: disk, socket \(/,
      ],
    },
    {
      objects: [...localVolume(node), deployment('local', { pod: claims('local') })],
      says: [
        /^warning volume: Deployment default\/local has its data on one node: local on \S+, local on \S+\. A pod waits/,
        /^warning spread: Deployment default\/local has all of its 2 pods on one$/,
      ],
    },
    {
      objects: [deployment('single', { replicas: 1 })],
      says: [
        /^warning replicas: Deployment default\/single has one replica: it is away while its node is drained$/,
      ],
    },
    {
      objects: [deployment('together', { pod: onNode })],
      says: [
        new RegExp(
          `^warning spread: Deployment default/together has all of its 2 pods on ${node}$`,
        ),
        new RegExp(
          `^warning room: Node ${node} has pods that may be on no other node: .*default/together-`,
        ),
      ],
    },
    {
      objects: [deployment('loose', { pod: { topologySpreadConstraints: [] } })],
      says: [
        /^hint spread: Deployment default\/loose has no rule that keeps its pods on several nodes$/,
      ],
    },
    {
      objects: [deployment('early', { container: { readinessProbe: null } }), service('early')],
      says: [
        /^warning probe: Deployment default\/early has no readinessProbe \(app\): a new pod gets traffic too early/,
      ],
    },
    {
      objects: [deployment('unwatched', { container: { livenessProbe: null } })],
      says: [
        /^hint probe: Deployment default\/unwatched has neither a startupProbe nor a livenessProbe \(app\)$/,
      ],
    },
    {
      objects: [deployment('slow', { pod: { terminationGracePeriodSeconds: 3600 } })],
      says: [
        /^warning grace: Deployment default\/slow may take 1h to end, and Kured drains for 8min at most$/,
      ],
    },
    {
      objects: [deployment('large', { container: { resources: { requests: { cpu: '2500m' } } } })],
      says: [
        /^warning room: Node one has pods that the other nodes have no room for: default\/large-\S+$/,
        /^warning room: Node two has pods that the other nodes have no room for: default\/large-\S+$/,
      ],
    },
  ]
}

function claims(claimName: string): object {
  return { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] }
}

function localVolume(node: string): Objects {
  const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] }
  const common = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: '',
  }
  const volume = {
    ...common,
    capacity: { storage: '1Gi' },
    local: { path: '/srv' },
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
    claimRef: { namespace: 'default', name: 'local' },
  }
  const claim = {
    ...common,
    volumeName: 'local',
    resources: { requests: { storage: '1Gi' } },
  }
  return [
    [
      '/api/v1/persistentvolumes',
      { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'local' }, spec: volume },
    ],
    [
      `${CORE}/persistentvolumeclaims`,
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'local' }, spec: claim },
    ],
  ]
}

/** Makes objects, and waits until their pods run and their budgets are counted. */
export async function make({ api }: Cluster, objects: Objects): Promise<() => Promise<void>> {
  for (const [path, body] of objects) await api.create(path, body)
  for (const [path, { metadata }] of objects) {
    const own = `${path}/${metadata.name}`
    await until(`${own} is there`, async () => isSettled(path, await api.get(own)))
  }
  return async () => {
    for (const [path, { metadata }] of objects)
      await ifThere(api.delete(`${path}/${metadata.name}`))
  }
}

/** Crashing pods are counted, and never available. */
function isSettled(path: string, { metadata, spec, status }: Resource): boolean {
  if (path === DEPLOYMENTS) {
    const { replicas, availableReplicas = 0 } = status
    const crashes = Object.keys(spec.template.metadata.annotations ?? {}).length > 0
    return replicas === spec.replicas && (crashes || availableReplicas === replicas)
  }
  if (path === BUDGETS) {
    const { observedGeneration, currentHealthy, conditions = [] } = status
    if (metadata.annotations?.[HEALTHY] === `${FAILS}`) {
      return conditions.some(({ reason }: Resource) => reason === 'SyncFailed')
    }
    const healthy = metadata.annotations?.[HEALTHY] ?? `${currentHealthy}`
    return observedGeneration === metadata.generation && `${currentHealthy}` === healthy
  }
  if (path.endsWith('/pods')) return status.phase === 'Running'
  return true
}
