import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { field, list, number, text } from '../kubernetes/json.ts'
import type { ApiUser } from '../kubernetes/kubectl.ts'
import { kuredContainers } from '../kubernetes/kured.ts'
import { readBudget } from './budget.ts'
import { groupBy } from './group.ts'
import { lockNameOf, readLocks } from './lock.ts'
import { readNode } from './node.ts'
import { readPages, type WantedList } from './pages.ts'
import { readPod } from './pod.ts'
import { readLabels } from './selector.ts'
import { type ClusterView, type Descheduler, type KuredSet, workloadKey } from './view.ts'

/**
 * Everything that the judgements need, through kubectl: it is only read, page by page, and of each
 * object only what is needed is kept.
 *
 * @param progress is called with what is read next
 * @throws SentinelError when the API does not answer, or refuses something: half a look is none
 */
export async function collectCluster(
  host: Host,
  user: ApiUser,
  deadline: Deadline,
  progress: (what: string) => void,
): Promise<ClusterView> {
  const read: ReadList = (what, path, take) => {
    progress(what)
    return readPages(host, user, deadline, { what, path, take })
  }
  // Most are pods: meanwhile the rest is read, one after the other.
  const [pods, rest] = await Promise.all([read('pods', '/api/v1/pods', readPod), readRest(read)])
  if (rest.nodes.length === 0)
    throw new SentinelError('the API has no nodes: nothing can be drained')
  const { deployments, sets, services, claims, jobs, ...others } = rest
  const byNamespace = groupBy(services, ({ namespace }) => namespace)
  return {
    now: host.now(),
    pods,
    ...others,
    replicas: new Map([...deployments, ...sets].map(({ key, replicas }) => [key, replicas])),
    services: new Map(
      [...byNamespace].map(([name, own]) => [name, own.map(({ selector }) => selector)]),
    ),
    localClaims: new Map(claims),
    deschedulers: [...deployments.flatMap(({ descheduler }) => descheduler ?? []), ...jobs],
  }
}

type ReadList = <T>(what: string, path: string, take: WantedList<T>['take']) => Promise<T[]>

async function readRest(read: ReadList) {
  const apps = '/apis/apps/v1'
  return {
    nodes: await read('nodes', '/api/v1/nodes', readNode),
    budgets: await read('budgets', '/apis/policy/v1/poddisruptionbudgets', readBudget),
    deployments: await read('deployments', `${apps}/deployments`, readScale('Deployment')),
    sets: await read('stateful sets', `${apps}/statefulsets`, readScale('StatefulSet')),
    kureds: await read('daemon sets', `${apps}/daemonsets`, readKuredSet),
    jobs: await read('cron jobs', '/apis/batch/v1/cronjobs', readCronDescheduler),
    services: await read('services', '/api/v1/services', readService),
    claims: await read('volumes', '/api/v1/persistentvolumes', readLocalVolume),
  }
}

function nameOf(object: unknown): [namespace: string, name: string] {
  return [text(field(object, 'metadata', 'namespace')), text(field(object, 'metadata', 'name'))]
}

function readScale(kind: string) {
  return (object: unknown) => {
    const [namespace, name] = nameOf(object)
    const key = workloadKey(kind, namespace, name)
    const replicas = number(field(object, 'spec', 'replicas'), 1)
    const available = number(field(object, 'status', 'availableReplicas'), 0)
    const runs = available > 0
    return { key, replicas, descheduler: isDescheduler(object) ? { object: key, runs } : undefined }
  }
}

function readCronDescheduler(job: unknown): Descheduler | undefined {
  const template = field(job, 'spec', 'jobTemplate')
  if (!isDescheduler(template)) return undefined
  const [namespace, name] = nameOf(job)
  const runs = field(job, 'spec', 'suspend') !== true
  return { object: workloadKey('CronJob', namespace, name), runs }
}

/** Goes by the image: anybody may choose the name. */
function isDescheduler(object: unknown): boolean {
  const containers = list(field(object, 'spec', 'template', 'spec', 'containers'))
  return containers.some((one) => /\/descheduler(:|@|$)/.test(text(field(one, 'image'))))
}

function readKuredSet(set: unknown): KuredSet | undefined {
  const name = nameOf(set).join('/')
  const containers = kuredContainers(field(set, 'spec', 'template', 'spec'))
  if (containers.length === 0) return undefined
  const lockName = lockNameOf(containers)
  return {
    name,
    containers,
    lockName,
    locks: readLocks(field(set, 'metadata', 'annotations'), lockName),
    wanted: number(field(set, 'status', 'desiredNumberScheduled'), 0),
    ready: number(field(set, 'status', 'numberReady'), 0),
  }
}

function readService(service: unknown) {
  const [namespace] = nameOf(service)
  const selector = readLabels(field(service, 'spec', 'selector'))
  return selector.size === 0 ? undefined : { namespace, selector }
}

const HOSTNAME = 'kubernetes.io/hostname'

/** A volume on one node's disk, with the claim that has it. */
function readLocalVolume(volume: unknown): [claim: string, node: string] | undefined {
  const spec = field(volume, 'spec')
  const claim = field(spec, 'claimRef')
  const isLocal = field(spec, 'local') !== undefined || field(spec, 'hostPath') !== undefined
  if (!isLocal || claim === undefined) return undefined
  const terms = list(field(spec, 'nodeAffinity', 'required', 'nodeSelectorTerms'))
  const rule = terms
    .flatMap((term) => list(field(term, 'matchExpressions')))
    .find((one) => field(one, 'key') === HOSTNAME)
  const [node] = list(field(rule, 'values'))
  return [`${text(field(claim, 'namespace'))}/${text(field(claim, 'name'))}`, text(node)]
}
