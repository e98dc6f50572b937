/** Whether each node has its turn while one cannot be drained: the rule, against Kured's own loop. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { planRound } from '../../src/cluster/round.ts'
import { kuredContainers } from '../../src/kubernetes/kured.ts'
import { judgeSettings, readTurns, type KuredTurns } from '../../src/kubernetes/kured-settings.ts'
import { parseGoDuration } from '../../src/text/duration.ts'
import { shipped } from '../fixture/shipped.ts'

const MINUTE = 60_000
/** How long a node takes that can be drained: drain, gate and boot, without lockReleaseDelay. */
const TURN = 7 * MINUTE
const LONG = 24 * 60 * MINUTE

/**
 * Plays Kured's loop on two nodes that are due, one of which cannot be drained. time.Tick() goes on
 * while a node is busy: what came meanwhile is had at once afterwards. [Kured, pkg/delaytick]
 *
 * @param phase when the other node asks, after the first, in ms
 * @returns whether the other one is rebooted within a day
 */
function hasItsTurn({ period, drainTimeout, lockReleaseDelay }: KuredTurns, phase: number) {
  const held = drainTimeout + lockReleaseDelay
  let free = 0
  let next = 0
  for (let asks = phase; asks < LONG; asks += period) {
    // Up to now the first node asks at its own moments, and takes the lock whenever it asks.
    while (next <= asks) {
      free = next + held
      // A moment that went by meanwhile is made up for at once.
      next = Math.max(next + period, held > period ? free : 0)
    }
    if (asks >= free) return true
  }
  return false
}

/** The share of moments at which another node may ask and never have its turn. */
function starving(turns: KuredTurns): number {
  const phases = Array.from({ length: turns.period / MINUTE }, (_, n) => (n + 0.5) * MINUTE)
  return phases.filter((phase) => !hasItsTurn(turns, phase)).length / phases.length
}

function kuredWith(args: string[]) {
  const [kured] = kuredContainers({
    containers: [{ name: 'kured', image: 'kured:1.23.0', command: ['/usr/bin/kured'], args }],
  })
  assert.ok(kured)
  return kured
}

/** What doctor says of them, without what it says of the commands. */
function saidOf(args: string[]): string[] {
  return judgeSettings(kuredWith(args), undefined)
    .map(({ message }) => message)
    .filter((message) => /turn|cannot be read/.test(message))
}

const argsOf = (period: string, drain: string, release: string) => [
  `--period=${period}`,
  `--drain-timeout=${drain}`,
  `--lock-release-delay=${release}`,
]

test('the shipped values leave two thirds of the others their turn, and a healthy cluster all', () => {
  const { configuration } = parse(shipped('kured-values.yaml'))
  const { period, drainTimeout, lockReleaseDelay } = configuration
  const args = argsOf(period, drainTimeout, lockReleaseDelay)
  const turns = readTurns(kuredWith(args))
  assert.ok(turns)
  assert.ok(starving(turns) <= 1 / 3, `${starving(turns)}`)
  assert.deepEqual(saidOf(args), [])
  assert.ok(TURN + turns.lockReleaseDelay < turns.period, 'a turn ends before the next moment')
})

test('the shipped comments tell how many nodes have their turn in a night', () => {
  const nodesOf = (args: string[]) => {
    const kured = kuredWith([...args, '--start-time=02:00', '--end-time=06:00'])
    let nodes = 1
    while (planRound(kured, nodes + 1)?.nights === 1) nodes += 1
    return nodes
  }
  const text = shipped('kured-values.yaml').replaceAll(/\n *# /g, ' ')
  const [, usual] = /are good for about (\d+) nodes in four hours/.exec(text) ?? []
  assert.equal(nodesOf(argsOf('30m', '8m', '2m')), Number(usual))
  const [, ...longer] =
    /all three longer: (\w+), (\w+) and (\w+), for about (\d+) nodes/.exec(text) ?? []
  const [period = '', drain = '', release = '', nodes] = longer
  assert.equal(nodesOf(argsOf(period, drain, release)), Number(nodes))
})

test('the values of 0.1.0 let nobody else have a turn', () => {
  const args = argsOf('15m', '1h', '5m')
  const turns = readTurns(kuredWith(args))
  assert.ok(turns)
  assert.equal(starving(turns), 1)
  assert.deepEqual(saidOf(args), [
    'lets a node that cannot be drained keep all others from their turn: it has the lock for 1h 5min (drainTimeout and lockReleaseDelay), and asks again every 15min (period)',
  ])
})

for (const [period, drain, release] of [
  ['1h', '15m', '5m'],
  ['15m', '4m', '1m'],
  ['30m', '15m', '2m'],
  ['1h', '50m', '5m'],
  ['1h', '1h', '0'],
  ['10m', '9m', '2m'],
] as const) {
  test(`doctor says of ${period}, ${drain} and ${release} what Kured’s loop does`, () => {
    const args = argsOf(period, drain, release)
    const turns = readTurns(kuredWith(args))
    assert.ok(turns)
    const share = starving(turns)
    const [said = '', ...more] = saidOf(args)
    assert.deepEqual(more, [])
    if (share <= 1 / 3) return assert.equal(said, '')
    const named = /keeps? (all|(\d+) %)/.exec(said)
    const percent = named?.[1] === 'all' ? 100 : Number(named?.[2])
    assert.ok(Math.abs(percent - share * 100) < 5, `${said} (${share})`)
  })
}

test('a drain without an end, and what cannot be read', () => {
  assert.match(saidOf([]).join(), /drains without an end: .* keeps all others from their turn/)
  assert.match(saidOf(argsOf('1h', '15 minutes', '0')).join(), /drainTimeout .* cannot be read/)
})

test('durations as Go reads them', () => {
  for (const [text, ms] of [
    ['1h30m', 90 * MINUTE],
    ['1.5h', 90 * MINUTE],
    ['0', 0],
    ['0s', 0],
    ['250ms', 250],
    ['15', undefined],
    ['-5m', undefined],
    ['1h ', undefined],
    ['1min', undefined],
    ['', undefined],
    ['2562047h', 2562047 * 60 * MINUTE],
    ['2562048h', undefined],
    [`${'9'.repeat(400)}h`, undefined],
  ] as const) {
    assert.equal(parseGoDuration(text), ms, text)
  }
})
