import { field, list, number, text } from '../kubernetes/json.ts'
import { kuredOption, type KuredContainer } from '../kubernetes/kured.ts'
import type { KuredSet } from './view.ts'

/** The annotation's name unless --lock-annotation says otherwise. [Kured, daemonsetlock] */
const LOCK = 'weave.works/kured-node-lock'

/** What the lock of such a Kured is called. */
export function lockNameOf(kureds: readonly KuredContainer[]): string {
  const names = kureds.flatMap((kured) => {
    const option = kuredOption(kured, 'lock-annotation')
    return 'value' in option && option.value !== undefined ? [option.value] : []
  })
  // What is no name of an annotation is none, and does not belong into a command that is shown.
  return names.find((name) => /^[\w./-]+$/.test(name)) ?? LOCK
}

/**
 * Who holds Kured's lock: one node, or with a concurrency above 1 several.
 *
 * @returns undefined for a lock that cannot be read: Kured ends with it, too [Kured, daemonsetlock]
 */
export function readLocks(annotations: unknown, name: string): KuredSet['locks'] | undefined {
  const written = field(annotations, name)
  if (written === undefined) return []
  const value = parse(text(written))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const found = field(value, 'nodeID') === undefined ? list(field(value, 'locks')) : [value]
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
