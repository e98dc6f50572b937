import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readState, writeState } from '../state/store.ts'
import type { Asked } from './guard.ts'
import { readMoment } from './moment.ts'
import { collectPackages, type Packages } from './packages.ts'

const NAME = 'guard'

/**
 * What the host was asked to reboot for.
 *
 * @throws SentinelError where that cannot be read or understood
 */
export function readAsked(host: Host): Asked[] {
  const state = readState(host, NAME)
  if (state === undefined) return []
  const { asked } = state
  if (!Array.isArray(asked) || !asked.every(isAsked)) {
    throw new SentinelError('guard.json does not hold what was written there')
  }
  return asked
}

/** Throws SentinelError where that fails; what was remembered before is then still there. */
export function writeAsked(host: Host, asked: readonly Asked[]): void {
  writeState(host, NAME, { asked })
}

/**
 * Puts what is installed now beside all that was asked for in this boot: right before the reboot,
 * so that a transaction after the last check is not taken for one after the boot. Where that fails
 * the worst is one reboot more.
 */
export function refreshAsked(host: Host): void {
  try {
    const { bootId } = readMoment(host)
    const packages = collectPackages(host)
    const asked = readAsked(host)
    const fresh = asked.map((one) => (one.bootId === bootId ? { ...one, packages } : one))
    if (JSON.stringify(fresh) !== JSON.stringify(asked)) writeAsked(host, fresh)
  } catch {
    // As said.
  }
}

function isAsked(value: unknown): value is Asked {
  if (!isRecord(value)) return false
  const { cause, bootId, packages } = value
  return typeof cause === 'string' && typeof bootId === 'string' && isPackages(packages)
}

function isPackages(value: unknown): value is Packages {
  if (!isRecord(value)) return false
  const { database, transaction } = value
  return typeof database === 'string' && (transaction === null || typeof transaction === 'string')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
