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
  let first: Requests = new Map()
  let together = sumOf(list(field(spec, 'containers')).map(requestsOf))
  for (const one of list(field(spec, 'initContainers'))) {
    const own = requestsOf(one)
    const stays = field(one, 'restartPolicy') === 'Always'
    if (stays) together = sumOf([together, own])
    first = largestOf(first, sumOf([sidecarsBefore(spec, one), own]))
  }
  const whole = readRequests(field(spec, 'resources', 'requests'))
  const counted = new Map([...largestOf(together, first), ...whole])
  return sumOf([counted, readRequests(field(spec, 'overhead')), new Map([['pods', 1]])])
}

function requestsOf(container: unknown): Requests {
  return readRequests(field(container, 'resources', 'requests'))
}

function sidecarsBefore(spec: unknown, container: unknown): Requests {
  const inits = list(field(spec, 'initContainers'))
  const before = inits.slice(0, inits.indexOf(container))
  return sumOf(before.filter((one) => field(one, 'restartPolicy') === 'Always').map(requestsOf))
}

/** All together. */
function sumOf(several: readonly Requests[]): Map<string, number> {
  const sum = new Map<string, number>()
  for (const one of several) {
    for (const [name, amount] of one) sum.set(name, (sum.get(name) ?? 0) + amount)
  }
  return sum
}

function largestOf(one: Requests, other: Requests): Map<string, number> {
  const names = new Set([...one.keys(), ...other.keys()])
  return new Map(
    [...names].map((name) => [name, Math.max(one.get(name) ?? 0, other.get(name) ?? 0)]),
  )
}
