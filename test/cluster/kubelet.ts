/**
 * Stands in for a kubelet, with a kubelet's own rights: keeps its Node ready, and says of every pod
 * on it that it runs. There are no containers; a pod that asks for it runs as a process of the node.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LabNode } from '../lab/node.ts'
import { type Api, ApiError, ifThere, type Resource } from './api.ts'
import { RealPod } from './real-pod.ts'
import { nodeStatus, podStatus } from './status.ts'

const LOOK_EVERY_MS = 150
const RENEW_EVERY_MS = 5_000

export class Kubelet {
  readonly #api: Api
  readonly #name: string
  readonly #node: LabNode
  readonly #processes = new Map<string, RealPod>()
  #stopping = new AbortController()
  #loop = Promise.resolve()
  #renewed = 0

  constructor(api: Api, name: string, node: LabNode) {
    this.#api = api
    this.#name = name
    this.#node = node
  }

  /** Registers the node, or says of the one that is there that it is ready; then looks at its pods. */
  async start(): Promise<void> {
    await this.#register()
    this.#stopping = new AbortController()
    this.#loop = this.#run(this.#stopping.signal)
  }

  /** As when the node goes down: nothing is said to the API any more. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#processes.clear()
    await this.#loop
  }

  get #path(): string {
    return `/api/v1/nodes/${this.#name}`
  }

  async #register(): Promise<void> {
    const labels = { 'kubernetes.io/hostname': this.#name, 'kubernetes.io/os': 'linux' }
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: this.#name, labels } }
    if ((await ifThere(this.#api.get(this.#path))) === undefined) {
      await this.#api.create('/api/v1/nodes', node)
    }
    const bootId = await this.#node.readFile('/proc/sys/kernel/random/boot_id')
    const status = nodeStatus(this.#name, bootId.trim())
    await this.#api.patch(`${this.#path}/status`, { status })
  }

  async #run(signal: AbortSignal): Promise<void> {
    const pods = `/api/v1/pods?fieldSelector=spec.nodeName%3D${this.#name}`
    while (!signal.aborted) {
      try {
        await this.#renewLease()
        for (const pod of await this.#api.items(pods)) {
          if (!signal.aborted) await this.#tend(pod)
        }
      } catch (error) {
        // As a kubelet does: the next look is another try. The test says what never came about.
        if (!signal.aborted && !(error instanceof ApiError)) throw error
      }
      await sleep(LOOK_EVERY_MS)
    }
  }

  /** One that is not renewed for 40 s makes its Node unknown. [kubelet, nodeLeaseDurationSeconds] */
  async #renewLease(): Promise<void> {
    if (Date.now() - this.#renewed < RENEW_EVERY_MS) return
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
    const spec = {
      holderIdentity: this.#name,
      leaseDurationSeconds: 40,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    }
    const path = `${leases}/${this.#name}`
    if ((await ifThere(this.#api.patch(path, { spec }))) === undefined) {
      await this.#api.create(leases, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: this.#name },
        spec,
      })
    }
    this.#renewed = Date.now()
  }

  async #tend(pod: Resource): Promise<void> {
    const { name, namespace, uid, deletionTimestamp } = pod.metadata
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`
    if (deletionTimestamp !== undefined) {
      await this.#processes.get(uid)?.stop()
      if ((await this.#processes.get(uid)?.runs()) === true) return
      this.#processes.delete(uid)
      await ifThere(this.#api.delete(path, { gracePeriodSeconds: 0 }))
    } else if (pod.status.phase === 'Pending') {
      const real = RealPod.of(pod, this.#node)
      if (real !== undefined) this.#processes.set(uid, await real.start())
      await ifThere(this.#api.patch(`${path}/status`, { status: podStatus(pod) }))
    }
  }
}
