/** What `cluster` makes of Kured: its DaemonSets, its lock, and how long a round takes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { judgeKureds } from '../../src/cluster/judge-kured.ts'
import { lockNameOf, readLocks } from '../../src/cluster/lock.ts'
import { planRound } from '../../src/cluster/round.ts'
import type { KuredSet } from '../../src/cluster/view.ts'
import { kuredContainers } from '../../src/kubernetes/kured.ts'
import { node, NOTHING } from '../fixture/cluster.ts'

test('a lock that is one, and one that cannot be read', () => {
  const NAME = 'weave.works/kured-node-lock'
  const locks = (value: string) => readLocks({ [NAME]: value }, NAME)
  for (const value of ['{', '', '[]', '"a"', 'null', '1']) assert.equal(locks(value), undefined)
  assert.deepEqual(locks('{"maxOwners":2,"locks":null}'), [])
  assert.deepEqual(locks('{"nodeID":"a","created":"x","TTL":1000000}'), [
    { node: 'a', created: 'x', ttlMs: 1 },
  ])
  assert.deepEqual(readLocks(undefined, NAME), [])
})

describe('Kured in the cluster', () => {
  const NOW = Date.parse('2026-01-01T12:00:00Z')
  const set = (name: string, more: Partial<KuredSet> = {}): KuredSet => ({
    name,
    lockName: 'weave.works/kured-node-lock',
    containers: [],
    locks: [],
    wanted: 2,
    ready: 2,
    ...more,
  })
  const lines = (...kureds: KuredSet[]) =>
    judgeKureds({ ...NOTHING, now: NOW, nodes: [node('a'), node('b')], kureds }).map(
      ({ level, object, message }) => `${level} ${object} ${message}`,
    )

  test('once, on all nodes', () => {
    assert.deepEqual(lines(set('k/one')), [])
  })

  test('twice is two locks', () => {
    assert.deepEqual(lines(set('k/one'), set('l/two')), [
      'warning DaemonSet k/one and DaemonSet l/two are Kured 2 times, each with a lock of its own: so many nodes may be away at once',
    ])
    assert.deepEqual(lines(set('k/one'), set('l/two', { wanted: 0, ready: 0 })), [
      'warning DaemonSet l/two is for no node: none is drained and rebooted',
    ])
  })

  test('with a lock that cannot be read', () => {
    assert.deepEqual(lines(set('k/one', { locks: undefined })), [
      'blocks DaemonSet k/one has a lock that cannot be read: Kured ends with it, and no node is rebooted',
    ])
  })

  test('with a lock of any time', () => {
    const held = (created: string) =>
      lines(set('k/one', { locks: [{ node: 'a', created, ttlMs: 0 }] }))
    const since = (text: string) => [
      `blocks DaemonSet k/one has been locked by a for ${text}: no other is rebooted`,
    ]
    assert.deepEqual(held('2026-01-01T11:59:00Z'), [])
    assert.deepEqual(held('2026-01-01T12:01:00Z'), [], 'clocks differ a little')
    assert.deepEqual(held('2026-01-01T09:00:00Z'), since('3h'))
    for (const odd of ['2999-01-01T00:00:00Z', 'x', '']) {
      assert.deepEqual(held(odd), since('nobody knows how long'), odd)
    }
  })

  test('has its lock where it says', () => {
    const name = (...args: string[]) =>
      lockNameOf(kuredContainers({ containers: [{ command: ['kured'], args }] }))
    assert.equal(name(), 'weave.works/kured-node-lock')
    assert.equal(name('--lock-annotation=example.org/lock'), 'example.org/lock')
    assert.equal(name('--lock-annotation=x; reboot'), 'weave.works/kured-node-lock')
  })
})

describe('how long a round takes', () => {
  const round = (nodes: number, ...more: string[]) => {
    const args = ['--period=30m', '--drain-timeout=8m', '--lock-release-delay=2m', ...more]
    const [kured] = kuredContainers({ containers: [{ command: ['kured'], args }] })
    assert.ok(kured)
    return planRound(kured, nodes)
  }
  const hours = (start: string, end: string) => [`--start-time=${start}`, `--end-time=${end}`]

  test('in the window of each night', () => {
    assert.equal(round(20, ...hours('2:00', '6:00'))?.nights, 1)
    assert.equal(round(21, ...hours('2:00', '6:00'))?.nights, 2)
    assert.equal(round(20, ...hours('10pm', '6am'))?.windowMinutes, 480)
    assert.equal(round(20, ...hours('22:30', '0:00'))?.windowMinutes, 90)
    assert.equal(round(20, '--concurrency=4', ...hours('2:00', '4:00'))?.nights, 1)
    assert.equal(round(20)?.nights, 1)
  })

  test('is not guessed', () => {
    assert.equal(round(20, ...hours('soon', '6:00')), undefined)
    assert.equal(round(20, '--period=x'), undefined)
  })
})
