/** What `cluster` reads of the API's objects, and makes of them; the whole: test/cluster. */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readBudget } from '../../src/cluster/budget.ts'
import { judgeCluster } from '../../src/cluster/check.ts'
import { collectCluster } from '../../src/cluster/collect.ts'
import { judgeRoom } from '../../src/cluster/judge-room.ts'
import { judgeGrace } from '../../src/cluster/judge-workloads.ts'
import { readNode } from '../../src/cluster/node.ts'
import { readPod } from '../../src/cluster/pod.ts'
import { parseQuantity } from '../../src/cluster/quantity.ts'
import { podRequests, readRequests } from '../../src/cluster/requests.ts'
import { labelSelector, nodeSelector } from '../../src/cluster/selector.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { node, NOTHING } from '../fixture/cluster.ts'
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
  assert.equal(read?.requests.get('cpu'), 1, 'the largest init container')
  assert.equal(readPod({ ...web, status: { phase: 'Succeeded' } }), undefined)
  assert.equal(readPod({ ...web, status: { phase: 'Failed' } }), undefined)
})

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

test('what a pod asks a node for', () => {
  const of = (cpu: string, more = {}) => ({ resources: { requests: { cpu } }, ...more })
  const stays = { restartPolicy: 'Always' }
  const containers = [of('100m'), of('200m')]
  const requests = (spec: object) => podRequests({ containers, ...spec }).get('cpu')
  assert.equal(requests({ initContainers: [of('1'), of('500m', stays)] }), 1)
  assert.equal(requests({ initContainers: [of('500m', stays), of('1')] }), 1.5)
  assert.equal(requests({ resources: { requests: { cpu: '2' } } }), 2, 'of the pod as a whole')
  assert.equal(requests({ overhead: { cpu: '1' }, resources: { requests: { cpu: '2' } } }), 3)
  assert.deepEqual([...podRequests({})], [['pods', 1]])
})

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

  test('not where a resource that the pod needs is missing, whatever it is called', () => {
    const gpu = { containers: [{ resources: { requests: { 'nvidia.com/gpu': '1' } } }] }
    assert.deepEqual(room([node('a'), node('b')], pod('x', 'a', '1', gpu)), [HOMELESS])
    const with2 = { ...node('b'), allocatable: readRequests({ pods: '9', 'nvidia.com/gpu': '1' }) }
    assert.deepEqual(room([node('a'), with2], pod('x', 'a', '1', gpu)), [])
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
    // Never 1 where the first look at it failed already.
    status: { conditions: [condition] },
  })
  const view = { ...NOTHING, budgets: [budget], pods: [pod('x', 'a', '1')] }
  const lines = judgeCluster(view).findings.map(({ message }) => message)
  assert.ok(lines.includes('allows no disruption, as it cannot be counted: no scale'))
  // Its pods came after the others were listed.
  const unseen = { ...budget, failure: '', isCounted: true, expected: 1, desired: 1, healthy: 1 }
  const { findings } = judgeCluster({ ...view, budgets: [unseen], pods: [] })
  assert.equal(findings[0]?.message, 'allows no disruption, ever: maxUnavailable 1, of 1 pod')
  const late = { ...budget, failure: '' }
  const again = judgeCluster({ ...view, budgets: [late] }).findings.map(({ message }) => message)
  assert.ok(again.some((line) => line.startsWith('has not been counted by the controller yet')))
})

test('pods that do not end, or not in time, whoever keeps them', () => {
  const grace = (spec: object, metadata: object, of = node('a')) => {
    const read = readPod({ metadata: { namespace: 'a', name: 'x', ...metadata }, spec })
    assert.ok(read)
    const view = { ...NOTHING, now: Date.parse('2026-01-01T12:00:00Z'), nodes: [of], pods: [read] }
    return judgeGrace(view, 480_000, undefined).map(
      ({ level, object, message }) => `${level} ${object} ${message}`,
    )
  }
  const spec = { nodeName: 'a' }
  const deleted = (at: string) => ({ deletionTimestamp: `2026-01-01T${at}:00Z` })
  assert.deepEqual(grace(spec, {}), [])
  assert.deepEqual(grace(spec, deleted('11:55')), [])
  assert.deepEqual(grace(spec, deleted('12:30')), [], 'it has until then')
  assert.deepEqual(grace(spec, deleted('09:00')), [
    'blocks Pod a/x should have ended 3h ago, and has not: a drain waits for it',
  ])
  assert.deepEqual(grace(spec, deleted('09:00'), readNode({ metadata: { name: 'a' } })), [])
  const slow = { ...spec, terminationGracePeriodSeconds: 3600 }
  const says = 'may take 1h to end, and Kured drains for 8min at most'
  assert.deepEqual(grace(slow, {}), [`warning Pod a/x ${says}`])
  const ownerReferences = [{ kind: 'Job', name: 'j', controller: true }]
  assert.deepEqual(grace(slow, { ownerReferences }), [`warning Job a/j ${says}`])
  const daemon = [{ kind: 'DaemonSet', name: 'd', controller: true }]
  assert.deepEqual(grace(slow, { ownerReferences: daemon }), [], 'no drain touches it')
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
