/** What a kubelet tells the API of its node and of the pods on it. */
import type { Resource } from './api.ts'

/** The version and the size that every node of a test claims. */
const VERSION = 'v1.37.2'
const SIZE = { cpu: '4', memory: '8Gi', pods: '110' }

/** A pod with this annotation is never ready: Kubernetes has given its container a rest. */
export const CRASHES = 'lab/crashes'

const PROBLEMS = ['MemoryPressure', 'DiskPressure', 'PIDPressure']

/** The status of a node that is ready, or not. */
export function nodeStatus(name: string, bootId: string, ready = 'True'): object {
  const now = new Date().toISOString()
  const times = { lastHeartbeatTime: now, lastTransitionTime: now }
  const condition = (type: string, status: string) => {
    return { type, status, reason: 'Lab', message: '', ...times }
  }
  return {
    capacity: SIZE,
    allocatable: SIZE,
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ],
    conditions: [...PROBLEMS.map((type) => condition(type, 'False')), condition('Ready', ready)],
    nodeInfo: {
      bootID: bootId,
      kubeletVersion: VERSION,
      architecture: 'amd64',
      containerRuntimeVersion: 'lab://1',
      kernelVersion: '',
      kubeProxyVersion: '',
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'lab',
      systemUUID: '',
    },
  }
}

/** The status of a pod that runs, or keeps crashing if it is annotated so. */
export function podStatus(pod: Resource): object {
  const now = new Date().toISOString()
  const crashes = pod.metadata.annotations?.[CRASHES] !== undefined
  const condition = (type: string, status: string) => ({ type, status, lastTransitionTime: now })
  const ready = crashes ? 'False' : 'True'
  return {
    phase: 'Running',
    startTime: now,
    conditions: [
      condition('PodScheduled', 'True'),
      condition('Initialized', 'True'),
      condition('ContainersReady', ready),
      condition('Ready', ready),
    ],
    containerStatuses: pod.spec.containers.map((container: Resource) => ({
      name: container.name,
      image: container.image,
      imageID: '',
      containerID: `lab://${pod.metadata.uid}`,
      ready: !crashes,
      started: !crashes,
      restartCount: crashes ? 5 : 0,
      state: crashes
        ? { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 2m40s' } }
        : { running: { startedAt: now } },
    })),
  }
}
