import { field, list } from '../kubernetes/json.ts'
import { parseQuantity } from './quantity.ts'

/** What a pod asks a node for, or what a node has, by resource: CPUs, bytes, pods, GPUs. */
export type Requests = ReadonlyMap<string, number>

/** Quantities as the API has them. */
export function readRequests(value: unknown): Requests {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return new Map(entries.map(([name, one]) => [name, parseQuantity(one)]))
}

/**
 * What the scheduler counts for a pod, and the pod itself: each init container has what stays of
 * those before it beside it, and what the pod says as a whole counts in place of its containers.
 * [Kubernetes, component-helpers, PodRequests]
 */
export function podRequests(spec: unknown): Requests {
  const [stays, first, together] = [new Amounts(), new Amounts(), new Amounts()]
  for (const one of list(field(spec, 'initContainers'))) {
    const own = requestsOf(one)
    for (const [name, amount] of own) first.raise(name, stays.of(name) + amount)
    if (field(one, 'restartPolicy') === 'Always') stays.add(own)
  }
  for (const one of list(field(spec, 'containers'))) together.add(requestsOf(one))
  together.add(stays)
  for (const [name, amount] of first) together.raise(name, amount)
  for (const [name, amount] of readRequests(field(spec, 'resources', 'requests'))) {
    together.set(name, amount)
  }
  together.add(readRequests(field(spec, 'overhead')))
  return together.set('pods', 1)
}

function requestsOf(container: unknown): Requests {
  return readRequests(field(container, 'resources', 'requests'))
}

/** Changed in place: a pod may have thousands of containers. */
class Amounts extends Map<string, number> {
  of(name: string): number {
    return this.get(name) ?? 0
  }

  add(more: Requests): void {
    for (const [name, amount] of more) this.set(name, this.of(name) + amount)
  }

  raise(name: string, least: number): void {
    this.set(name, Math.max(this.of(name), least))
  }
}
