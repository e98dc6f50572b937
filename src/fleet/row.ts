import { listOf, oneOf, shape, text, whole, type Guard, type Shaped } from '../text/guard.ts'
import { printable } from '../text/printable.ts'
import { cutText } from '../text/listed.ts'

/** A row is no larger, in bytes. */
export const LARGEST_ROW = 64 * 1024

const LONGEST_TEXT = 500
const LONGEST_LIST = 20

const orNothing =
  <T>(guard: Guard<T>): Guard<T | null> =>
  (value): value is T | null =>
    value === null || guard(value)

const flag = (value: unknown): value is boolean => typeof value === 'boolean'

/**
 * What a host says of itself in its status.json. Later versions may add fields, which older ones leave
 * unread; one that cannot be understood without them needs another file name.
 */
const FIELDS = {
  format: whole,
  host: text,
  /** a digest of its machine ID: two hosts of one name are told apart by it */
  machine: text,
  architecture: text,
  /** of this program */
  version: text,
  /** by its wall clock (ISO 8601), which may be wrong, and by its boot and its uptime */
  at: text,
  bootId: text,
  uptimeMs: whole,
  /** going-down: the gate has let a reboot begin, and no boot has come since */
  phase: oneOf('up', 'going-down'),
  verdict: oneOf('reboot', 'none', 'attention'),
  causes: listOf(text),
  /** null: nobody looks there. sinceBoot: it is of a boot, and not of a watch that began later */
  health: orNothing(
    shape({
      verdict: oneOf('pending', 'healthy', 'unhealthy', 'accepted'),
      reasons: listOf(text),
      sinceBoot: flag,
    }),
  ),
  hold: orNothing(shape({ reason: text, until: text })),
  /** the last upgrade; skips: how many runs in a row were skipped */
  upgrade: orNothing(
    shape({ outcome: text, reason: text, packages: whole, at: text, skips: whole }),
  ),
  /** the running kernel's release */
  kernel: text,
  /** the package's version; '' where there is none */
  kubelet: text,
  /** what its pacman ignores: packages, then groups */
  ignored: listOf(text),
  ignoredGroups: listOf(text),
} as const

/** What a host says of itself. */
export type FleetRow = Shaped<typeof FIELDS>

const isRow = shape(FIELDS)

/**
 * Reads a row that another host has written, and that may be torn, or hostile. Its texts come back
 * short, and without a character that a terminal would obey.
 *
 * @param host the name of its directory, which it must bear
 * @returns undefined for anything but a whole row of that host
 */
export function parseRow(bytes: Buffer, host: string): FleetRow | undefined {
  if (bytes.length > LARGEST_ROW) return undefined
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
  if (!isRow(value) || value.host !== host || value.format < 1 || value.uptimeMs < 0) {
    return undefined
  }
  return {
    ...pick(value),
    health: value.health && { ...value.health, reasons: safeList(value.health.reasons) },
    hold: value.hold && { reason: safe(value.hold.reason), until: safe(value.hold.until) },
    upgrade: value.upgrade && {
      outcome: safe(value.upgrade.outcome),
      reason: safe(value.upgrade.reason),
      packages: value.upgrade.packages,
      at: safe(value.upgrade.at),
      skips: value.upgrade.skips,
    },
  }
}

function pick(row: FleetRow): FleetRow {
  const { format, uptimeMs, phase, verdict, health, hold, upgrade } = row
  return {
    format,
    host: row.host,
    machine: safe(row.machine),
    architecture: safe(row.architecture),
    version: safe(row.version),
    at: safe(row.at),
    bootId: safe(row.bootId),
    uptimeMs,
    phase,
    verdict,
    causes: safeList(row.causes),
    health,
    hold,
    upgrade,
    kernel: safe(row.kernel),
    kubelet: safe(row.kubelet),
    ignored: row.ignored.map(safe),
    ignoredGroups: row.ignoredGroups.map(safe),
  }
}

function safe(said: string): string {
  return printable(cutText(said, LONGEST_TEXT))
}

function safeList(texts: readonly string[]): string[] {
  return texts.slice(0, LONGEST_LIST).map(safe)
}

/** A row as its file has it: bounded as its readers want it. */
export function rowText(row: FleetRow): string {
  const bounded = (_: string, value: unknown): unknown =>
    typeof value === 'string' && value.length > LONGEST_TEXT ? value.slice(0, LONGEST_TEXT) : value
  const health = row.health && { ...row.health, reasons: row.health.reasons.slice(0, LONGEST_LIST) }
  const short = { ...row, causes: row.causes.slice(0, LONGEST_LIST), health }
  return `${JSON.stringify(short, bounded, 2)}\n`
}
