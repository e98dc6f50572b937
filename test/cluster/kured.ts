/**
 * Plays Kured, which is in no package registry: what it does to a node and to the API, in its order.
 * No window, no blockers, no delays. [kubereboot/kured 1.23.0, cmd/kured/main.go]
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Run } from '../lab/run.ts'
import { ApiError, type Resource } from './api.ts'
import type { Cluster } from './cluster.ts'
import type { Member } from './member.ts'
import { until } from './until.ts'

export const DAEMON_SET = '/apis/apps/v1/namespaces/kured-system/daemonsets/kured'
const LOCK = 'weave.works/kured-node-lock'

/** The values that this project ships: its commands are what is played with. */
const values = readFileSync(join(import.meta.dirname, '../../kured-values.yaml'), 'utf8')
const configuration: Record<string, string> = parse(values).configuration

type Outcome = 'not due' | 'warned' | 'locked out' | 'not drained' | 'refused' | 'rebooted'

export interface Turn {
  outcome: Outcome
  /** what the sentinel said */
  sentinel: Run
  /** what the reboot command said, if it came to that */
  gate?: Run
}

export class Kured {
  readonly #cluster: Cluster
  readonly #member: Member
  readonly #events: string[]
  readonly #drainTimeoutS: number

  /** @param options.events what is done to nodes and lock, in order; several may share one list */
  constructor(
    cluster: Cluster,
    member: Member,
    options: { events?: string[]; drainTimeoutS?: number } = {},
  ) {
    this.#cluster = cluster
    this.#member = member
    this.#events = options.events ?? []
    this.#drainTimeoutS = options.drainTimeoutS ?? 60
  }

  /** One period: asks the sentinel, and does what follows of it, up to the next start of the pod. */
  async turn(): Promise<Turn> {
    const sentinel = await this.#inHost('rebootSentinelCommand')
    if (sentinel.exitCode === 1) return { outcome: 'not due', sentinel }
    if (sentinel.exitCode !== 0) return { outcome: 'warned', sentinel }
    if (!(await this.#acquire())) return { outcome: 'locked out', sentinel }
    if (!(await this.#drain())) {
      await this.#giveBack()
      return { outcome: 'not drained', sentinel }
    }
    // The sentinel is not asked again, however long the drain took.
    const gate = await this.#inHost('rebootCommand')
    if (gate.exitCode === 0) {
      this.#did('reboots')
      await this.#member.reboot()
    } else {
      this.#did(`is not rebooted: ${gate.exitCode}`)
    }
    // The pod starts anew, with the host or because the command failed, and finds its own lock.
    await this.#giveBack()
    return { outcome: gate.exitCode === 0 ? 'rebooted' : 'refused', sentinel, gate }
  }

  /** No shell is run: words are split, as a POSIX shell would. The shipped ones have no quotes. */
  #inHost(value: string): Promise<Run> {
    const words = (configuration[value] ?? '').split(' ')
    return this.#member.node.asKured(words, { timeoutMs: 120_000 })
  }

  async #acquire(): Promise<boolean> {
    const daemonSet = await this.#cluster.api.get(DAEMON_SET)
    const annotations = (daemonSet.metadata.annotations ??= {})
    if (annotations[LOCK] !== undefined) return false
    annotations[LOCK] = JSON.stringify({ nodeID: this.#member.name, created: new Date() })
    try {
      // With the version that was read: of two that want it at once one gets a conflict.
      await this.#cluster.api.replace(DAEMON_SET, daemonSet)
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return false
      throw error
    }
    this.#did('locks')
    return true
  }

  async #drain(): Promise<boolean> {
    const { name } = this.#member
    await this.#kubectl('cordon', name)
    this.#did('cordons')
    const options = ['--ignore-daemonsets', '--delete-emptydir-data', '--force']
    const timeout = `--timeout=${this.#drainTimeoutS}s`
    const { exitCode } = await this.#cluster.kubectl('drain', name, ...options, timeout)
    this.#did(exitCode === 0 ? 'is drained' : 'is not drained')
    return exitCode === 0
  }

  async #giveBack(): Promise<void> {
    await this.#kubectl('uncordon', this.#member.name)
    this.#did('uncordons')
    await this.#cluster.api.patch(DAEMON_SET, { metadata: { annotations: { [LOCK]: null } } })
    this.#did('releases')
  }

  async #kubectl(...args: string[]): Promise<void> {
    const { exitCode, stderr } = await this.#cluster.kubectl(...args)
    if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
  }

  #did(what: string): void {
    this.#events.push(`${this.#member.name} ${what}`)
  }
}

/** Kured's arguments as its chart, 5.4.0 and later, makes them of the shipped values. */
export function chartArguments(changed: Record<string, string> = {}): string[] {
  const { useRebootSentinelHostPath: _, ...named } = { ...configuration, ...changed }
  const options = Object.entries(named).map(([name, value]) => `--${kebab(name)}=${value}`)
  return ['--ds-name=kured', '--ds-namespace=kured-system', ...options]
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** The DaemonSet of the chart, as far as nodes and `doctor` see it; its pods run nothing. */
export async function installKured(
  cluster: Cluster,
  pod: { args?: string[]; env?: object[]; annotations?: Record<string, string> } = {},
): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kured-system' } }
  await cluster.api.create('/api/v1/namespaces', namespace).catch(unlessThere)
  const labels = { 'app.kubernetes.io/name': 'kured' }
  const container = {
    name: 'kured',
    image: 'ghcr.io/kubereboot/kured:1.23.0',
    command: ['/usr/bin/kured'],
    args: pod.args ?? chartArguments(),
    env: pod.env ?? [],
    securityContext: { privileged: true },
  }
  const daemonSet = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'kured', namespace: 'kured-system' },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: pod.annotations ?? {} },
        spec: {
          hostPID: true,
          terminationGracePeriodSeconds: 1,
          tolerations: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
          containers: [container],
        },
      },
    },
  }
  await cluster.api.create('/apis/apps/v1/namespaces/kured-system/daemonsets', daemonSet)
}

/** Removes it, and waits until no pod of it is left. */
export async function removeKured(cluster: Cluster): Promise<void> {
  await cluster.api.delete(DAEMON_SET)
  const pods = '/api/v1/namespaces/kured-system/pods'
  await until('no Kured is left', async () => (await cluster.api.items(pods)).length === 0)
}

function unlessThere(error: unknown): Resource {
  if (!(error instanceof ApiError && error.status === 409)) throw error
}
