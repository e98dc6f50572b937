/** A made-up week of four nodes, as metrics: upgrades by night, reboots, a hold, a power cut. */
import type { EventCounts } from '../../src/history/count.ts'
import { renderFamilies } from '../../src/metrics/exposition.ts'
import { FACTS, type MetricFacts } from '../../src/metrics/facts.ts'
import { metricFamilies } from '../../src/metrics/families.ts'
import type { RunRecord } from '../../src/record/run-record.ts'
import type { Finding } from '../../src/sentinel/finding.ts'
import type { Period } from './panel.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** One looks at the dashboard at its end. */
const NOW = Date.UTC(2026, 10, 27, 12)
const BEGIN = NOW - 7 * DAY
export const WEEK: Period = { from: BEGIN / 1000, to: NOW / 1000 }
/** How far the samples are apart. A real Prometheus has 30 times as many. */
export const SAMPLES_S = 1800
const SAMPLES_MS = SAMPLES_S * 1000

interface MadeUpNode {
  name: string
  bootedAt: number
  running: string
  installed: string
  /** why it must reboot, or why a person should look, and since when */
  cause?: { kind: Finding['kind']; effect: 'reboot' | 'attention'; since: number } | undefined
  isHeld: boolean
  /** when Kured stopped to ask */
  silentSince?: number
  upgrade: Pick<RunRecord, 'outcome' | 'endedAt' | 'skips'>
  succeededAt: number
  counts: EventCounts
}

type Change = (node: MadeUpNode, at: number) => void

const count = (node: MadeUpNode, what: string) => {
  node.counts[what] = (node.counts[what] ?? 0) + 1
}

const upgraded: Change = (node, at) => {
  node.upgrade = { outcome: 'completed', endedAt: new Date(at).toISOString() }
  node.succeededAt = at
  count(node, 'upgrade completed')
}

const kernel =
  (version: string): Change =>
  (node, at) => {
    upgraded(node, at)
    node.installed = version
    node.cause = { kind: 'kernel', effect: 'reboot', since: at }
  }

const library: Change = (node, at) => {
  upgraded(node, at)
  node.cause = { kind: 'library', effect: 'reboot', since: at }
}

const skipped: Change = (node, at) => {
  const skips = (node.upgrade.skips ?? 0) + 1
  node.upgrade = { outcome: 'skipped', endedAt: new Date(at).toISOString(), skips }
  count(node, 'skip upgrade')
}

const powerCut: Change = (node, at) => {
  node.upgrade = { outcome: 'interrupted', endedAt: new Date(at).toISOString() }
  count(node, 'upgrade interrupted')
  count(node, 'boot power-cut')
  node.bootedAt = at
  node.cause = { kind: 'unfinished', effect: 'attention', since: at }
}

const repaired: Change = (node, at) => {
  upgraded(node, at)
  count(node, 'repair repaired')
  node.cause = undefined
}

const rebooted: Change = (node, at) => {
  node.bootedAt = at
  node.running = node.installed
  node.cause = undefined
  count(node, 'boot planned')
  count(node, 'gate down')
}

/** The boot loader has started the old kernel. */
const rebootedInVain: Change = (node, at) => {
  const { running } = node
  rebooted(node, at)
  node.running = running
  node.cause = { kind: 'kernel', effect: 'attention', since: at }
  count(node, 'reboot-useless')
}

const held: Change = (node) => {
  node.isHeld = true
}
const released: Change = (node) => {
  node.isHeld = false
}
const kuredGone: Change = (node, at) => {
  node.silentSince = at
}

const first = kernel('6.17.8-arch1-1')
const second = kernel('6.17.9-arch1-1')

/** By day and hour: day 0 is the first that is shown whole. */
const STORIES: Record<string, readonly (readonly [day: number, hour: number, change: Change])[]> = {
  node1: [
    [0, 0.6, upgraded],
    [1, 0.6, first],
    [1, 2.1, rebooted],
    [2, 0.6, upgraded],
    [3, 0.6, upgraded],
    [4, 0.6, skipped],
    [5, 0.6, second],
    [5, 2.1, rebooted],
    [6, 0.6, upgraded],
  ],
  node2: [
    [0, 0.8, upgraded],
    [1, 0.8, first],
    [1, 2.8, rebooted],
    [2, 0.8, upgraded],
    [3, 0.8, library],
    [3, 2.2, rebooted],
    [4, 0.8, upgraded],
    [5, 0.8, second],
    [5, 2.8, rebootedInVain],
    [6, 0.8, upgraded],
    [6, 0.8, (node, at) => (node.cause = { kind: 'kernel', effect: 'attention', since: at })],
  ],
  node3: [
    [0, 0.9, upgraded],
    [1, 0.9, first],
    [1, 1.2, held],
    [2, 0.9, upgraded],
    [2, 16, released],
    [2, 16.8, rebooted],
    [3, 0.9, upgraded],
    [4, 0.9, skipped],
    [5, 0.9, second],
    [5, 1.4, held],
    [6, 0.9, upgraded],
  ],
  node4: [
    [0, 1.1, upgraded],
    [1, 1.1, first],
    [1, 3.9, rebooted],
    [2, 1.1, upgraded],
    [3, 1.1, powerCut],
    [4, 1.1, repaired],
    [5, 1.1, skipped],
    [6, 1.1, second],
    [6, 1.6, kuredGone],
  ],
}

/** Midnight before the first day that is shown whole. */
const FIRST_DAY = BEGIN + DAY / 2

/** All samples of the week, in the format of `promtool tsdb create-blocks-from openmetrics`. */
export function weekOfMetrics(version: string): string {
  const lines: string[] = []
  for (const [name, story] of Object.entries(STORIES)) {
    const node = nodeBefore(name)
    const changes = [...story]
    for (let at = BEGIN - DAY / 4; at <= NOW; at += SAMPLES_MS) {
      for (; changes[0] !== undefined && momentOf(changes[0]) <= at; changes.shift()) {
        changes[0][2](node, momentOf(changes[0]))
      }
      const text = renderFamilies(metricFamilies(factsOf(node, at), version))
      for (const [, metric, labels, value] of text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
        const all = [`instance="${name}"`, ...(labels === undefined ? [] : [labels])].join()
        lines.push(`${metric}{${all}} ${value} ${at / 1000}\n`)
      }
    }
  }
  return `${lines.join('')}# EOF\n`
}

function momentOf([day, hour]: readonly [number, number, Change]): number {
  return FIRST_DAY + day * DAY + hour * HOUR
}

function nodeBefore(name: string): MadeUpNode {
  const at = FIRST_DAY - DAY + HOUR
  return {
    name,
    bootedAt: BEGIN - 6 * DAY,
    running: '6.17.7-arch1-1',
    installed: '6.17.7-arch1-1',
    isHeld: false,
    upgrade: { outcome: 'completed', endedAt: new Date(at).toISOString() },
    succeededAt: at,
    counts: { 'boot planned': 3, 'upgrade completed': 40 },
  }
}

function factsOf(node: MadeUpNode, at: number): MetricFacts {
  const bootId = String(node.bootedAt)
  const { cause } = node
  const asksEvery = 60_000
  const lastAsked = at - (((at / SAMPLES_MS) * 17_000 + node.name.charCodeAt(4) * 7000) % asksEvery)
  const noon = Math.floor((at + DAY / 2) / DAY) * DAY - DAY / 2
  const run = { job: 'upgrade' as const, reason: '', problems: [], packages: 4, bootId }
  const lastEnd = {
    ...run,
    outcome: 'completed' as const,
    endedAt: new Date(node.succeededAt).toISOString(),
  }
  return {
    now: { bootId, uptime: at - node.bootedAt, wall: at },
    readable: Object.fromEntries(FACTS.map((fact) => [fact, true])),
    check: { ...findingsOf(node), durationMs: 180 },
    dueSince: new Map(cause?.effect === 'reboot' ? [[cause.kind, cause.since]] : []),
    asked: { at: node.silentSince ?? lastAsked },
    upgrade: { job: 'upgrade', isTimed: true, run: { ...run, ...node.upgrade, lastEnd } },
    hold: { until: node.isHeld ? at + HOUR : undefined },
    lock: 'none',
    health: 'healthy',
    history: { counts: node.counts, unreadable: 0 },
    databases: { at, newest: noon - HOUR, ignored: 'fine', blocking: 0 },
    databaseAge: 4 * DAY,
  }
}

function findingsOf({ cause, running, installed, isHeld }: MadeUpNode) {
  const kernelRuns: Finding = { kind: 'kernel', effect: 'none', message: '', running, installed }
  if (cause === undefined) return { verdict: 'none' as const, reasons: [], ignored: [kernelRuns] }
  const { kind, effect } = cause
  const finding: Finding = { kind, effect, message: '' }
  if (effect === 'attention' && kind === 'kernel') finding.askedIn = 'before'
  return isHeld
    ? { verdict: 'none' as const, reasons: [], ignored: [finding, kernelRuns] }
    : { verdict: effect, reasons: [finding], ignored: [kernelRuns] }
}
