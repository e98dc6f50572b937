import { type Shaped, listOf, oneOf, shape, text, whole } from '../text/guard.ts'

/** Who wanted it: Kured, a unit of systemd, or a person, by name. */
const by = text

/**
 * The kinds of events with their fields, of which their types are made. New fields must be such that
 * older lines can do without them, or the lines that are there count as unreadable.
 */
const FIELDS = {
  /** an unattended upgrade that pacman has begun */
  upgrade: {
    outcome: oneOf('completed', 'interrupted', 'failed'),
    reason: text,
    /** in words, such as "upgraded linux 6.18.44 -> 6.18.45" */
    packages: listOf(text),
    problems: listOf(text),
  },
  /** a download that was not completed */
  download: { outcome: oneOf('interrupted', 'failed'), reason: text },
  /** an upgrade or download that did not begin */
  skip: { job: oneOf('upgrade', 'download'), reason: text },
  /** what a cut upgrade had left; done: a person's word that all is whole */
  repair: {
    outcome: oneOf('repaired', 'failed', 'done'),
    packages: listOf(text),
    problems: listOf(text),
    by,
  },
  /** packages of keys that went before the rest, as pacman did not trust its signatures */
  keyring: {
    outcome: oneOf('installed', 'failed'),
    packages: listOf(text),
    problems: listOf(text),
    by,
  },
  restart: { restarted: listOf(text), failed: listOf(text), by },
  /** a check answered "reboot" for these for the first time */
  'reboot-asked': { causes: listOf(text), reasons: listOf(text), by },
  /** a check answered 2 for these; once for each reason, and once a day as long as it lasts */
  attention: { reasons: listOf(text) },
  /** a check saw that a reboot did not clear its cause; once for each boot */
  'reboot-useless': { reasons: listOf(text) },
  /** a reboot after the drain. down: systemd is told to reboot; failed: it refused */
  gate: {
    ending: oneOf('down', 'not-now', 'attention', 'failed'),
    reason: text,
    waitedMs: whole,
    waitedFor: listOf(text),
    by,
  },
  /** the first event of a boot comes with it; helped: whether it cleared the causes */
  boot: {
    how: oneOf('planned', 'unplanned', 'power-cut', 'unknown'),
    previousBoot: text,
    causes: listOf(text),
    helped: oneOf('yes', 'no', 'unknown'),
  },
  /** how the node is after its boot, or is again; accepted: a person's word that it is well enough */
  health: { verdict: oneOf('healthy', 'unhealthy', 'accepted'), reasons: listOf(text), by },
  /** until: ISO 8601 */
  hold: { reason: text, until: text, by },
  release: { by },
  /** a person asked for a reboot through Kured, in this boot */
  request: { reason: text, by },
  /** reason: '' where it could not be read */
  'request-cancelled': { reason: text, by },
} as const

export type HistoryKind = keyof typeof FIELDS

/** An event of one of these kinds. */
export type HistoryEvent<K extends HistoryKind = HistoryKind> = {
  [P in K]: { kind: P } & Shaped<(typeof FIELDS)[P]>
}[K]

const STAMP = { at: text, bootId: text, uptimeMs: whole }

/**
 * When an event was written: by the wall clock (ISO 8601), which may be wrong, and by the boot and
 * its uptime.
 */
export type HistoryStamp = Shaped<typeof STAMP>

export type HistoryEntry<K extends HistoryKind = HistoryKind> = HistoryStamp & HistoryEvent<K>

/** Whether a value is an event with its stamp. */
export function isEntry(value: unknown): value is HistoryEntry {
  const isStamped = shape({ ...STAMP, kind: text })
  if (!isStamped(value) || !isKind(value.kind)) return false
  return shape(FIELDS[value.kind])(value)
}

function isKind(name: string): name is HistoryKind {
  return Object.hasOwn(FIELDS, name)
}
