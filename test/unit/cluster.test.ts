/** What `cluster` reads of the API's objects, and makes of them; the whole: test/cluster. */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readBudget } from '../../src/cluster/budget.ts'
import { judgeCluster } from '../../src/cluster/check.ts'
import { collectCluster } from '../../src/cluster/collect.ts'
import { judgeRoom } from '../../src/cluster/judge-room.ts'
import { readLocks } from '../../src/cluster/lock.ts'
import { readNode } from '../../src/cluster/node.ts'
import { readPod } from '../../src/cluster/pod.ts'
import { parseQuantity } from '../../src/cluster/quantity.ts'
import { planRound } from '../../src/cluster/round.ts'
import { labelSelector, nodeSelector } from '../../src/cluster/selector.ts'
import type { ClusterView } from '../../src/cluster/view.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { kuredContainers } from '../../src/kubernetes/kured.ts'
import { makeTree } from '../fixture/tree.ts'

test('quantities', () => {
  for (const [text, value] of [
    ['250m', 0.25],
    ['2', 2],
    [2, 2],
    ['1.5', 1.5],
    ['64Mi', 64 * 2 ** 20],
    ['1G', 1e9],
    ['1e3', 1000],
    ['', 0],
    ['many', 0],
    [undefined, 0],
    ['-1', 0],
  ] as const) {
    assert.equal(parseQuantity(text), value, String(text))
  }
})

describe('selectors', () => {
  const labels = new Map([
    ['app', 'web'],
    ['generation', '7'],
  ])
  const rule = (operator: string, key: string, ...values: string[]) => ({ operator, key, values })

  test('of labels: an empty one selects all, none nothing', () => {
    assert.equal(labelSelector({})(labels), true)
    assert.equal(labelSelector(undefined)(labels), false)
    assert.equal(labelSelector({ matchLabels: { app: 'web' } })(labels), true)
    assert.equal(labelSelector({ matchLabels: { app: 'web', tier: 'x' } })(labels), false)
  })

  for (const [one, selects] of [
    [rule('In', 'app', 'api', 'web'), true],
    [rule('In', 'tier', 'web'), false],
    [rule('NotIn', 'app', 'web'), false],
    [rule('NotIn', 'tier', 'web'), true],
    [rule('Exists', 'app'), true],
    [rule('Exists', 'tier'), false],
    [rule('DoesNotExist', 'app'), false],
    [rule('DoesNotExist', 'tier'), true],
    [rule('Gt', 'generation', '6'), true],
    [rule('Lt', 'generation', '6'), false],
    [rule('Gt', 'tier', '6'), false],
    [rule('Unheard', 'app'), false],
  ] as const) {
    test(`${one.operator} ${one.key} ${one.values.join()}`, () => {
      assert.equal(labelSelector({ matchExpressions: [one] })(labels), selects)
      const terms = [{ matchExpressions: [one] }, { matchExpressions: [] }]
      assert.equal(nodeSelector({ nodeSelectorTerms: terms })(labels), selects)
    })
  }
})

test('a pod: its owner, requests and what has ended', () => {
  const container = (name: string, cpu: string, more = {}) => ({
    name,
    resources: { requests: { cpu } },
    ...more,
  })
  const owner = { kind: 'ReplicaSet', name: 'web-5d4', controller: true }
  const web = {
    metadata: {
      namespace: 'a',
      name: 'web-5d4-x',
      labels: { 'pod-template-hash': '5d4' },
      ownerReferences: [{ kind: 'Other', name: 'x' }, owner],
    },
    spec: {
      containers: [container('a', '100m'), container('b', '200m')],
      initContainers: [
        container('once', '1'),
        container('sidecar', '50m', { restartPolicy: 'Always' }),
      ],
    },
  }
  const read = readPod(web)
  assert.deepEqual(read?.owner, { kind: 'Deployment', name: 'web' })
  assert.equal(read?.requests.cpu, 1, 'the largest init container')
  assert.equal(readPod({ ...web, status: { phase: 'Succeeded' } }), undefined)
  assert.equal(readPod({ ...web, status: { phase: 'Failed' } }), undefined)
})

const NOTHING: ClusterView = {
  now: 0,
  nodes: [],
  pods: [],
  budgets: [],
  replicas: new Map(),
  services: new Map(),
  localClaims: new Map(),
  kureds: [],
  deschedulers: [],
}

const SIZE = { cpu: '2', memory: '4Gi', pods: '10' }

/** A node that is ready, with taints, or cordoned. */
function node(name: string, spec: object = {}, labels = {}) {
  const conditions = [{ type: 'Ready', status: 'True' }]
  return readNode({ metadata: { name, labels }, spec, status: { allocatable: SIZE, conditions } })
}

function pod(name: string, nodeName: string, cpu: string, spec: object = {}) {
  const requests = { cpu, memory: '1Gi' }
  const owner = { kind: 'StatefulSet', name: 'set', controller: true }
  const read = readPod({
    metadata: { namespace: 'a', name, ownerReferences: [owner] },
    spec: { nodeName, containers: [{ name: 'c', resources: { requests } }], ...spec },
  })
  assert.ok(read)
  return read
}

describe('room on the other nodes', () => {
  const room = (nodes: ReturnType<typeof node>[], ...pods: ReturnType<typeof pod>[]) =>
    judgeRoom({ ...NOTHING, nodes, pods }).map(({ object, message }) => `${object} ${message}`)
  const taint = (effect: string) => ({ taints: [{ key: 'role', value: 'db', effect }] })
  const HOMELESS = 'Node a has pods that the other nodes have no room for: a/x'
  const BOUND = 'Node a has pods that may be on no other node: a/x. They wait until it is back'

  test('there is some, or there is none', () => {
    assert.deepEqual(room([node('a'), node('b')], pod('x', 'a', '1')), [])
    assert.deepEqual(room([node('a'), node('b')], pod('x', 'a', '3')), [HOMELESS])
    const [x, y] = [pod('x', 'a', '1500m'), pod('y', 'b', '1')]
    const both = [HOMELESS, HOMELESS.replace('Node a', 'Node b').replace('a/x', 'a/y')]
    assert.deepEqual(room([node('a'), node('b')], x, y), both)
  })

  test('not on a node that is cordoned, or has a taint that the pod does not tolerate', () => {
    assert.deepEqual(room([node('a'), node('b', { unschedulable: true })], pod('x', 'a', '1')), [
      BOUND,
    ])
    const tainted = (effect: string) => [node('a'), node('b', taint(effect))]
    assert.deepEqual(room(tainted('NoSchedule'), pod('x', 'a', '1')), [BOUND])
    assert.deepEqual(room(tainted('PreferNoSchedule'), pod('x', 'a', '1')), [])
    for (const [toleration, lines] of [
      [{ operator: 'Exists' }, []],
      [{ key: 'role', operator: 'Exists' }, []],
      [{ key: 'role', value: 'db', effect: 'NoSchedule' }, []],
      [{ key: 'role', value: 'web' }, [BOUND]],
      [{ key: 'role', operator: 'Exists', effect: 'NoExecute' }, [BOUND]],
    ] as const) {
      const x = pod('x', 'a', '1', { tolerations: [toleration] })
      assert.deepEqual(room(tainted('NoSchedule'), x), lines, JSON.stringify(toleration))
    }
  })

  test('not where an affinity keeps the pod away', () => {
    const expression = { key: 'disk', operator: 'In', values: ['ssd'] }
    const required = { nodeSelectorTerms: [{ matchExpressions: [expression] }] }
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: required }
    const x = pod('x', 'a', '1', { affinity: { nodeAffinity } })
    assert.deepEqual(room([node('a'), node('b')], x), [BOUND])
    assert.deepEqual(room([node('a'), node('b', {}, { disk: 'ssd' })], x), [])
  })

  test('one node alone', () => {
    assert.deepEqual(room([node('a')], pod('x', 'a', '1')), [
      'Node a is the only node: everything is away while it reboots',
    ])
  })
})

test('a budget that the controller cannot count', () => {
  const condition = { type: 'DisruptionAllowed', reason: 'SyncFailed', message: 'no scale' }
  const budget = readBudget({
    metadata: { namespace: 'a', name: 'b', generation: 1 },
    spec: { selector: {}, maxUnavailable: 1 },
    status: { observedGeneration: 1, conditions: [condition] },
  })
  const view = { ...NOTHING, budgets: [budget], pods: [pod('x', 'a', '1')] }
  const lines = judgeCluster(view).findings.map(({ message }) => message)
  assert.ok(lines.includes('allows no disruption, as it cannot be counted: no scale'))
  const late = { ...budget, isCounted: false }
  const again = judgeCluster({ ...view, budgets: [late] }).findings.map(({ message }) => message)
  assert.ok(again.some((line) => line.startsWith('has not been counted by the controller yet')))
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

test('a lock that is no JSON, or not one', () => {
  const locks = (value: string) => readLocks({ 'weave.works/kured-node-lock': value })
  assert.deepEqual(locks('{'), [])
  assert.deepEqual(locks('[]'), [])
  assert.deepEqual(locks('{"nodeID":"a","created":"x","TTL":1000000}'), [
    { node: 'a', created: 'x', ttlMs: 1 },
  ])
  assert.deepEqual(readLocks(undefined), [])
})

test('no object whatever stops the look', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (metadata, spec) => {
      const object = { metadata, spec, status: spec }
      const one = readPod(object)
      judgeCluster({
        ...NOTHING,
        nodes: [readNode(object), readNode({ metadata: spec, spec: metadata })],
        pods: one === undefined ? [] : [one],
        budgets: [readBudget(object)],
      })
    }),
  )
})

describe('kubectl', () => {
  /** A host whose kubectl answers by a script, with the query in $query. */
  const collect = (script: string, limitMs = 60_000) => {
    const host = new Host(makeTree({ 'usr/bin/kubectl': `#!/bin/sh\nquery=$5\n${script}\n` }))
    chmodSync(host.path('/usr/bin/kubectl'), 0o755)
    const user = { kubeconfig: '/admin.conf', home: '/root' }
    return collectCluster(host, user, new Deadline(limitMs), () => {})
  }
  const page = (names: string[], more: string) =>
    JSON.stringify({
      metadata: { continue: more },
      items: names.map((name) => ({ metadata: { name } })),
    })

  test('is asked page by page', async () => {
    const view = await collect(`case $query in
      '/api/v1/nodes?limit=500') echo '${page(['a', 'b'], 'x=1&y')}' ;;
      '/api/v1/nodes?limit=500&continue=x%3D1%26y') echo '${page(['c'], '')}' ;;
      */nodes*) exit 1 ;;
      *) echo '{"items":[]}' ;;
    esac`)
    assert.deepEqual(
      view.nodes.map(({ name }) => name),
      ['a', 'b', 'c'],
    )
  })

  test('that refuses one list is an error: half a look is none', async () => {
    await assert.rejects(
      collect(`case $query in */pods*) echo 'Error: no' >&2; exit 1 ;; esac; echo '{"items":[]}'`),
      /the pods cannot be listed: Error: no/,
    )
    await assert.rejects(collect('echo "<html>"'), /cannot be listed: kubectl gives no JSON/)
  })

  test('that hangs is one, within its time', async () => {
    const began = performance.now()
    await assert.rejects(collect('exec sleep 60', 1500), /cannot be listed: no answer within/)
    assert.ok(performance.now() - began < 20_000)
  })
})
