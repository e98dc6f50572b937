import { field, list, number, text } from '../kubernetes/json.ts'
import type { KuredSet } from './view.ts'

/** The annotation's name unless --lock-annotation says otherwise. [Kured, daemonsetlock] */
const LOCK = 'weave.works/kured-node-lock'

/** Who holds Kured's lock: one node, or with a concurrency above 1 several. */
export function readLocks(annotations: unknown): KuredSet['locks'] {
  const value = parse(text(field(annotations, LOCK)))
  const several = list(field(value, 'locks'))
  const found = field(value, 'nodeID') === undefined ? several : [value]
  return found.map((one) => ({
    node: text(field(one, 'nodeID')),
    created: text(field(one, 'created')),
    // In ns, as Go's JSON has durations.
    ttlMs: number(field(one, 'TTL'), 0) / 1e6,
  }))
}

function parse(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}
