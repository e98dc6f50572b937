import { field, list, text } from '../kubernetes/json.ts'
import { kuredContainers, type KuredContainer } from '../kubernetes/kured.ts'
import { judgeSettings, KURED_VALUES } from '../kubernetes/kured-settings.ts'
import { type DoctorFinding, warning, wrong } from './line.ts'

/**
 * Whether the Kured among a node's pods runs, and runs kured-sentinel to check and to reboot.
 *
 * @param pods a PodList of the API
 * @param isThere whether the host has that file
 */
export function judgeKured(pods: unknown, isThere: (path: string) => boolean): DoctorFinding[] {
  const found = list(field(pods, 'items')).flatMap((pod) => {
    const of = `${text(field(pod, 'metadata', 'namespace'))}/${text(field(pod, 'metadata', 'name'))}`
    return kuredContainers(field(pod, 'spec')).map((kured) => ({ of, kured, pod }))
  })
  if (found.length === 0) return [warning('no Kured runs on this node', KURED_VALUES)]
  return found.flatMap(({ of, kured, pod }) =>
    [...judgeRunning(of, kured, field(pod, 'status')), ...judgeSettings(kured, isThere)].map(
      (one) => ({ ...one, message: `${of} ${one.message}` }),
    ),
  )
}

/** What a container waits for while all is well. [kubelet] */
const STARTING = ['ContainerCreating', 'PodInitializing']

/**
 * The phase stays Running while the kubelet starts a container again and again: its own state tells.
 * [Kubernetes, Pod Lifecycle] Kured ends by itself where one of its options cannot be read, and after
 * each reboot that was called off.
 *
 * @param status a PodStatus of the API
 */
function judgeRunning(of: string, { name }: KuredContainer, status: unknown): DoctorFinding[] {
  const containers = list(field(status, 'containerStatuses'))
  const own = containers.find((one) => field(one, 'name') === name)
  const reason = text(field(own, 'state', 'waiting', 'reason'))
  const restarts = Number(field(own, 'restartCount') ?? 0)
  if (reason !== '' && !STARTING.includes(reason)) {
    const times = restarts > 0 ? `, started ${restarts} times again` : ''
    return [wrong(`does not run: ${reason}${times}`, logOf(of))]
  }
  if (field(own, 'state', 'terminated') !== undefined) {
    const code = field(own, 'state', 'terminated', 'exitCode')
    return [warning(`has ended, with ${String(code)}`, logOf(of))]
  }
  if (field(status, 'phase') !== 'Running') return [warning('is not running', 'see its log')]
  if (field(own, 'ready') === false) return [warning('is not ready', logOf(of))]
  return []
}

function logOf(of: string): string {
  const [namespace, pod] = of.split('/')
  return `kubectl logs --namespace ${namespace} --previous ${pod}`
}
