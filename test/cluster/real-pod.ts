/** A pod that is a process of the node, for scenarios that need one that takes its time to end. */
import type { LabNode } from '../lab/node.ts'
import type { Resource } from './api.ts'

/** The annotation with the shell script that the pod runs. */
export const RUNS = 'lab/runs'

export class RealPod {
  readonly #node: LabNode
  readonly #unit: string
  readonly #script: string
  readonly #graceS: number
  #stopping = false

  /** The process that the pod asks for, not started; undefined for a pod that asks for none. */
  static of(pod: Resource, node: LabNode): RealPod | undefined {
    const script = pod.metadata.annotations?.[RUNS]
    if (script === undefined) return undefined
    const unit = `cri-containerd-${pod.metadata.uid}.service`
    return new RealPod(node, unit, script, pod.spec.terminationGracePeriodSeconds)
  }

  private constructor(node: LabNode, unit: string, script: string, graceS: number) {
    this.#node = node
    this.#unit = unit
    this.#script = script
    this.#graceS = graceS
  }

  /** In the cgroup where a container runtime puts it, with a mount namespace of its own. */
  async start(): Promise<this> {
    const where = ['--slice=kubepods-besteffort.slice', '--property=PrivateTmp=yes']
    const grace = `--property=TimeoutStopSec=${this.#graceS}`
    const unit = ['--quiet', '--collect', `--unit=${this.#unit}`, ...where, grace]
    await this.#node.ok(['systemd-run', ...unit, '/bin/sh', '-c', this.#script])
    return this
  }

  /** SIGTERM, and SIGKILL once the grace period is over. */
  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    await this.#node.run(['systemctl', 'stop', '--no-block', this.#unit])
  }

  async runs(): Promise<boolean> {
    const { stdout } = await this.#node.run(['systemctl', 'is-active', this.#unit])
    return /^(active|deactivating)$/m.test(stdout)
  }
}
