import type { EventCounts } from '../history/count.ts'
import type { MetricFamily } from './exposition.ts'

interface EventCounter {
  name: string
  help: string
  /** the label that tells the events of one kind apart, and its values */
  label?: string
  values?: readonly string[]
}

/** By the kind of event. Each value is there from the start: a counter that comes at 1 did not rise. */
const COUNTERS: Record<string, EventCounter> = {
  upgrade: {
    name: 'upgrades_total',
    help: 'Unattended upgrades that pacman has begun, by outcome.',
    label: 'outcome',
    values: ['completed', 'interrupted', 'failed'],
  },
  download: {
    name: 'download_failures_total',
    help: 'Downloads that were not completed, by outcome.',
    label: 'outcome',
    values: ['interrupted', 'failed'],
  },
  skip: {
    name: 'skips_total',
    help: 'Upgrades and downloads that did not begin.',
    // Not "job": that is Prometheus' own label of who is scraped.
    label: 'task',
    values: ['upgrade', 'download'],
  },
  repair: {
    name: 'repairs_total',
    help: 'Repairs of what an interrupted upgrade left, by outcome; done: by a person.',
    label: 'outcome',
    values: ['repaired', 'failed', 'done'],
  },
  restart: {
    name: 'unit_restarts_total',
    help: 'Units that were restarted for replaced code, and those that did not come back.',
    label: 'outcome',
    values: ['restarted', 'failed'],
  },
  'reboot-asked': {
    name: 'reboot_requests_total',
    help: 'Times that Kured was told to reboot for a new cause.',
  },
  'reboot-useless': {
    name: 'useless_reboots_total',
    help: 'Reboots that did not clear what they were asked for.',
  },
  gate: {
    name: 'reboot_gates_total',
    help: 'Reboots that reached the last gate, by how that ended; down: the node went down.',
    label: 'ending',
    values: ['down', 'not-now', 'attention', 'failed'],
  },
  boot: {
    name: 'boots_total',
    help: 'Boots, by how the node came to them.',
    label: 'how',
    values: ['planned', 'unplanned', 'power-cut', 'unknown'],
  },
}

/** @param counts undefined where the history cannot be read: no counters then, and no zeros */
export function counterFamilies(counts: EventCounts | undefined): MetricFamily[] {
  if (counts === undefined) return []
  return Object.entries(COUNTERS).map(([kind, { name, help, label, values = [] }]) => ({
    name,
    type: 'counter',
    help: `${help} Over the whole history.`,
    samples:
      label === undefined
        ? [{ value: counts[kind] ?? 0 }]
        : values.map((value) => ({
            labels: { [label]: value },
            value: counts[`${kind} ${value}`] ?? 0,
          })),
  }))
}
