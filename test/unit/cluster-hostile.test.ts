/** `cluster` and an API, or its objects, that are not what they should be: never "fit", never a hang. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { describe, test } from 'node:test'
import { readBudget } from '../../src/cluster/budget.ts'
import { judgeCluster } from '../../src/cluster/check.ts'
import { collectCluster } from '../../src/cluster/collect.ts'
import { readNode } from '../../src/cluster/node.ts'
import { readPod } from '../../src/cluster/pod.ts'
import { parseQuantity } from '../../src/cluster/quantity.ts'
import { labelSelector } from '../../src/cluster/selector.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { askApi } from '../../src/kubernetes/kubectl.ts'
import { NOTHING } from '../fixture/cluster.ts'
import { makeTree } from '../fixture/tree.ts'

/** A host whose kubectl is a script, with the query in $query. */
function hostOf(script: string): Host {
  const host = new Host(makeTree({ 'usr/bin/kubectl': `#!/bin/sh\nquery=$5\n${script}\n` }))
  chmodSync(host.path('/usr/bin/kubectl'), 0o755)
  return host
}

const USER = { kubeconfig: '/admin.conf', home: '/root' }

const collect = (script: string, limitMs = 60_000) =>
  collectCluster(hostOf(script), USER, new Deadline(limitMs), () => {})

const NODES = `*/nodes*) echo '{"items":[{"metadata":{"name":"a"}}]}' ;;`
const EMPTY = `*) echo '{"items":[]}' ;;`

describe('an answer without a list is no empty one', () => {
  for (const answer of [
    '{}',
    'null',
    '[]',
    '"x"',
    '{"items":null}',
    '{"items":{"a":1}}',
    '{"kind":"Status","status":"Failure"}',
  ]) {
    test(answer, async () => {
      await assert.rejects(
        collect(`case $query in */pods*) echo '${answer}' ;; ${NODES} ${EMPTY} esac`),
        /^SentinelError: the pods cannot be listed: the answer is no list$/,
      )
    })
  }

  test('nor are no nodes a cluster that is fit', async () => {
    await assert.rejects(collect(`case $query in ${EMPTY} esac`), /the API has no nodes/)
  })

  test('nothing, and exit code 0', async () => {
    await assert.rejects(collect('exit 0'), /cannot be listed: kubectl gives no JSON/)
  })

  test('half of it', async () => {
    await assert.rejects(collect(`printf '{"items":['`), /kubectl gives no JSON/)
  })
})

test('without kubectl it says what to install', async () => {
  const host = new Host(makeTree({}))
  await assert.rejects(
    collectCluster(host, USER, new Deadline(20_000), () => {}),
    /cannot be listed: there is no \/usr\/bin\/kubectl: install the package that has it/,
  )
})

test('a failure without a word says so', async () => {
  await assert.rejects(collect('exit 7'), /cannot be listed: kubectl ended with 7 and said nothing/)
})

test('a password that kubectl asks for comes from nobody', async () => {
  const began = performance.now()
  await assert.rejects(collect('read -r password || echo EOF >&2; exit 1'), /listed: EOF/)
  assert.ok(performance.now() - began < 20_000)
})

test('a kubeconfig that names no server does not lead to the one at localhost:8080', async () => {
  const host = hostOf(`echo '{"items":[]}' >&2; echo "to $KUBERNETES_MASTER" >&2; exit 1`)
  await assert.rejects(
    askApi(host, USER, 'the pods cannot be listed', '/api', { timeoutMs: 20_000 }),
    /the pods cannot be listed: \/admin\.conf names no server/,
  )
})

describe('pages', () => {
  const endless = (more: string) => `{"metadata":{"continue":"${more}"},"items":[]}`

  test('that repeat themselves end at once', async () => {
    await assert.rejects(
      collect(`case $query in */nodes*) echo '${endless('again')}' ;; ${EMPTY} esac`),
      /the nodes cannot be listed: the API repeats itself/,
    )
  })

  test('without an end end with the time', async () => {
    const began = performance.now()
    const count = `echo x >>$0.n; n=$(wc -l <$0.n)`
    await assert.rejects(
      collect(
        `case $query in */nodes*) ${count}; echo '{"metadata":{"continue":"'$n'"},"items":[]}' ;; ${EMPTY} esac`,
        2000,
      ),
      /the nodes cannot be listed: (there was no time left for all|no answer within)/,
    )
    assert.ok(performance.now() - began < 20_000)
  })

  test('of large objects are asked for in smaller ones', async () => {
    const view = await collect(`case $query in
      */nodes'?limit=50') echo '{"items":[{"metadata":{"name":"a"}}]}' ;;
      */nodes*) head -c 40000000 /dev/zero | tr '\\0' ' ' ;;
      ${EMPTY}
    esac`)
    assert.equal(view.nodes.length, 1)
    await assert.rejects(
      collect(`case $query in
        */nodes*) head -c 40000000 /dev/zero | tr '\\0' ' ' ;;
        ${EMPTY}
      esac`),
      /the nodes cannot be listed: they are too large/,
    )
  })

  test('that the memory does not hold are an error, and no abort', () => {
    const script = `
      import { isMemoryShort } from './src/host/memory.ts'
      const kept = []
      while (!isMemoryShort() && kept.length < 1000) kept.push(Array.from({ length: 1e5 }, (_, i) => ({ i })))
      console.log(kept.length < 1000)`
    const args = [
      '--max-old-space-size=200',
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      script,
    ]
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.deepEqual([status, stdout], [0, 'true\n'])
  })
})

test('no judgement goes on when its time is over', () => {
  const pods = Array.from({ length: 20 }, (_, n) => {
    const owner = { kind: 'StatefulSet', name: `set-${n}`, controller: true }
    const metadata = { namespace: 'a', name: `x-${n}`, ownerReferences: [owner] }
    return readPod({ metadata, spec: { nodeName: 'a' } }) ?? assert.fail()
  })
  const nodes = ['a', 'b'].map((name) => readNode({ metadata: { name } }))
  const view = { ...NOTHING, nodes, pods }
  const budget = readBudget({ metadata: { namespace: 'b' }, spec: {} })
  const steps = (with_: object) => {
    let many = 0
    judgeCluster({ ...view, ...with_ }, () => (many += 1))
    return many
  }
  assert.equal(steps({}), 40, 'each pod of a node, and each workload')
  assert.equal(steps({ budgets: Array.from({ length: 20 }, () => budget) }), 60)
  const late = () => {
    throw new Error('late')
  }
  assert.throws(() => judgeCluster(view, late), /late/)
})

test('thousands of containers, and of budgets on one pod, cost their number and not its square', () => {
  const container = (n: number, more = {}) => ({
    resources: { requests: { [`example.org/${n}`]: '1' } },
    ...more,
  })
  const many = Array.from({ length: 20_000 }, (_, n) => container(n, { restartPolicy: 'Always' }))
  const budgets = Array.from({ length: 3000 }, (_, n) =>
    readBudget({ metadata: { namespace: 'a', name: `b-${n}` }, spec: { selector: {} } }),
  )
  const owner = { kind: 'StatefulSet', name: 'set', controller: true }
  const began = process.cpuUsage()
  const pods = Array.from({ length: 300 }, (_, n) => {
    const metadata = { namespace: 'a', name: `x-${n}`, ownerReferences: [owner] }
    const spec = { containers: [], initContainers: n === 0 ? many : [] }
    return readPod({ metadata, spec }) ?? assert.fail()
  })
  const { findings } = judgeCluster({ ...NOTHING, budgets, pods })
  const { user } = process.cpuUsage(began)
  assert.ok(user < 10e6, `${user / 1e6} s`)
  const [twofold] = findings
  assert.equal(
    twofold?.object,
    'PodDisruptionBudget a/b-0 and PodDisruptionBudget a/b-1 and PodDisruptionBudget a/b-2 and 2997 more',
  )
})

describe('objects', () => {
  /** Neither a number nor a text can be made of it. */
  const odd = { toString: 1, valueOf: 1 }

  for (const value of [odd, [odd], -1, Infinity, '-1', '1e999', null, true, 'NaN', {}]) {
    test(`with ${JSON.stringify(value)} for each number`, () => {
      const metadata = { namespace: 'a', name: 'x', generation: value, labels: { a: 'b' } }
      const requests = { cpu: value, memory: value }
      const spec = {
        nodeName: 'x',
        replicas: value,
        minAvailable: value,
        terminationGracePeriodSeconds: value,
        containers: [{ name: 'c', resources: { requests } }],
        selector: {},
      }
      const counts = ['expectedPods', 'currentHealthy', 'desiredHealthy', 'disruptionsAllowed']
      const status = Object.fromEntries(counts.map((name) => [name, value]))
      const allocatable = { cpu: value, memory: value, pods: value }
      const pod = readPod({ metadata, spec })
      assert.ok(pod)
      const { findings } = judgeCluster({
        ...NOTHING,
        nodes: [readNode({ metadata, status: { allocatable } }), readNode({})],
        pods: [pod],
        budgets: [readBudget({ metadata, spec, status })],
      })
      const lines = findings.map(({ object, message }) => `${object} ${message}`)
      assert.doesNotMatch(lines.join('\n'), /NaN|undefined|null|Infinity|\[object/)
      assert.ok(findings.some(({ level, area }) => level === 'blocks' && area === 'budget'))
    })
  }

  test('with an operator of JavaScript’s', () => {
    for (const operator of ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'in', '']) {
      const rule = labelSelector({ matchExpressions: [{ key: 'a', operator, values: ['b'] }] })
      assert.equal(rule(new Map([['a', 'b']])), false, operator)
    }
  })

  test('with a quantity beyond all numbers', () => {
    for (const text of ['1e999', '9E', '99999999999999999999999E']) {
      assert.ok(Number.isFinite(parseQuantity(text)), text)
    }
  })

  test('that own each other, in a ring', () => {
    const owned = (name: string, kind: string, by: string) => ({
      metadata: { namespace: 'a', name, ownerReferences: [{ kind, name: by, controller: true }] },
      spec: {},
    })
    const read = [owned('x', 'Pod', 'y'), owned('y', 'Pod', 'x')].map(readPod)
    assert.deepEqual(
      read.map((pod) => pod?.owner?.name),
      ['y', 'x'],
    )
  })
})
