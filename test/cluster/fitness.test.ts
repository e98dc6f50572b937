/** `kured-sentinel cluster` on a real API: a cluster that is fit, and each way not to be. */
import assert from 'node:assert/strict'
import { consoleBlock } from '../fixture/console.ts'
import { ApiError, type Resource } from './api.ts'
import type { Cluster } from './cluster.ts'
import { makeNode } from './crowd.ts'
import { chartArguments, DAEMON_SET, installKured, removeKured } from './kured.ts'
import { adminConfig, Member } from './member.ts'
import { DESCHEDULER, GOOD, make, wrongObjects } from './objects.ts'
import { clusterTest } from './shared.ts'
import { CRASHES } from './status.ts'
import { until } from './until.ts'
import { readEnvelope } from '../fixture/envelope.ts'

const COMMAND = ['kured-sentinel', 'cluster', '--kubeconfig', '/root/admin.conf', '--json']

/** What the command says, and its findings as "level area: object message". */
async function fitnessOf(member: Member) {
  const { stdout, stderr } = await member.online(COMMAND)
  assert.equal(stderr, '')
  const { verdict, exitCode, findings, details } = readEnvelope('cluster', stdout)
  const lines = findings.map(({ kind, message, fields }) => `${fields.level} ${kind}: ${message}`)
  return { fitness: { verdict, exitCode, findings, ...details }, lines }
}

function includes(lines: string[], expected: RegExp): void {
  assert.ok(
    lines.some((line) => expected.test(line)),
    `${String(expected)} is not in\n${lines.join('\n')}`,
  )
}

async function kuredRuns({ api }: Cluster, on: number): Promise<void> {
  await until('Kured runs', async () => (await api.get(DAEMON_SET)).status.numberReady === on)
}

/** Changes the object of a path; a controller may have changed it meanwhile. */
async function change({ api }: Cluster, path: string, how: (object: Resource) => void) {
  await until(`${path} is changed`, async () => {
    const object = await api.get(path)
    how(object)
    return api.replace(path, object).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ApiError && error.status === 409) return false
        throw error
      },
    )
  })
}

const LOCK = 'weave.works/kured-node-lock'
const HOUR = 3_600_000
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

clusterTest('a cluster that is fit, and each way not to be', async (cluster) => {
  await using one = await Member.join(cluster, 'one')
  await adminConfig(cluster, one)
  await using _ = await Member.join(cluster, 'two')
  const missing = await fitnessOf(one)
  assert.deepEqual([missing.fitness.verdict, missing.fitness.exitCode], ['warnings', 1])
  includes(missing.lines, /^warning kured: Kured is not there: no node is drained and rebooted$/)

  const window = { startTime: '02:00', endTime: '06:00' }
  await installKured(cluster, { args: chartArguments(window) })
  await kuredRuns(cluster, 2)
  await make(cluster, GOOD)
  const removeDescheduler = await make(cluster, DESCHEDULER)
  const { fitness, lines: nothing } = await fitnessOf(one)
  assert.deepEqual(nothing, [])
  assert.deepEqual([fitness.verdict, fitness.exitCode, fitness.nodes], ['fit', 0, 2])
  assert.deepEqual([fitness.round?.nodeMinutes, fitness.round?.nights], [9, 1])

  // Hints alone leave it fit.
  await removeDescheduler()
  const hinted = await fitnessOf(one)
  assert.deepEqual(hinted.lines, [
    'hint descheduler: descheduler is not there: after a round the node that was last stays empty',
  ])
  assert.equal(hinted.fitness.exitCode, 0)

  const wrong = wrongObjects('one', CRASHES)
  const readme = ['never', 'bare', 'single', 'early']
  const objects = wrong.flatMap((each) => each.objects)
  const isShown = ([, { metadata }]: (typeof objects)[number]) => readme.includes(metadata.name)
  const removeShown = await make(cluster, objects.filter(isShown))
  const { stdout, exitCode } = await one.online(COMMAND.filter((word) => word !== '--json'))
  const [shown] = consoleBlock('docs/fitness.md', '# kured-sentinel cluster; echo $?')
  assert.equal(`${stdout}${exitCode}\n`, shown?.printed)

  const removeMore = await make(
    cluster,
    objects.filter((each) => !isShown(each)),
  )
  const { lines, fitness: hurt } = await fitnessOf(one)
  assert.equal(hurt.exitCode, 2)
  const says = [...wrong.flatMap((each) => each.says), /^hint descheduler:/]
  for (const line of says) includes(lines, line)
  const more = lines.filter((line) => !says.some((expected) => expected.test(line)))
  assert.deepEqual(more, [], 'each is wrong in its one way')
  await removeShown()
  await removeMore()
})

clusterTest('nodes, Kured’s settings and its lock', async (cluster) => {
  await using keeper = await Member.join(cluster, 'keeper')
  await adminConfig(cluster, keeper)
  await removeKured(cluster)
  const args = chartArguments({ rebootMethod: 'signal', period: '15m', drainTimeout: '1h' })
  const trap = args.filter((one) => !one.startsWith('--reboot-sentinel-command'))
  const window = ['--start-time=02:00', '--end-time=02:05', '--concurrency=1']
  await installKured(cluster, { args: [...trap, '--reboot-sentinel=/x', ...window] })
  await kuredRuns(cluster, 1)

  includes((await fitnessOf(keeper)).lines, /^warning room: Node keeper is the only node: /)
  await makeNode(cluster, 'forgotten')
  const path = '/api/v1/nodes/forgotten'
  await change(cluster, path, ({ spec }) => {
    const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
    spec.unschedulable = true
    spec.taints = [{ ...taint, timeAdded: ago(30 * HOUR) }]
  })
  for (let n = 0; n < 8; n += 1) await makeNode(cluster, `down-${n}`, 'False')
  await lock(cluster, { nodeID: 'gone', created: ago(HOUR / 60), TTL: 0 })
  const { lines, fitness } = await fitnessOf(keeper)
  assert.equal(fitness.exitCode, 2)
  const set = 'DaemonSet kured-system/kured'
  for (const line of [
    `blocks kured: ${set} calls no command, but waits for the file /x`,
    `warning kured: ${set} reboots by a signal, which does not wait for upgrades`,
    `warning kured: ${set} lets a node that cannot be drained keep all others from their turn: .*`,
    `warning kured: ${set} is ready on 1 of \\d+ nodes: the others are not rebooted`,
    `blocks lock: ${set} has a lock of gone, which is no node: no other is rebooted`,
    'warning node: Node forgotten has been cordoned for 1d 6h: it takes no pods while others are drained',
    'warning node: Node down-1 is not ready: it takes no pods, and its own count as unhealthy',
    'warning round: Kured’s round takes about 10 nights for 10 nodes',
  ]) {
    includes(lines, new RegExp(`^${line}$`))
  }

  const locks = async (value: object | string) => {
    await lock(cluster, value)
    return (await fitnessOf(keeper)).lines.filter((line) => line.includes(' lock:'))
  }
  const held = (since: number, TTL = 0) => ({ nodeID: 'keeper', created: ago(since), TTL })
  assert.deepEqual(await locks(held(HOUR / 2)), [], 'a drain is under way')
  assert.deepEqual(await locks(held(5 * HOUR, 4 * HOUR * 1e6)), [], 'it has ended by itself')
  assert.deepEqual(await locks({ maxOwners: 2, locks: [held(HOUR / 2), held(5 * HOUR)] }), [
    `blocks lock: ${set} has been locked by keeper for 5h: no other is rebooted`,
  ])
  assert.deepEqual(await locks('{'), [
    `blocks lock: ${set} has a lock that cannot be read: Kured ends with it, and no node is rebooted`,
  ])

  // Anybody who may write an annotation chooses what a terminal gets.
  await lock(cluster, { nodeID: 'gone\u001b]0;x\u0007\u202e\n', created: ago(HOUR), TTL: 0 })
  for (const more of [[], ['--json']]) {
    const command = [...COMMAND.filter((word) => word !== '--json'), ...more]
    const { stdout, exitCode } = await keeper.online(command)
    assert.equal(exitCode, 2)
    assert.match(stdout, /has a lock of\s+gone\\+u001b\]0;x\\+u0007\\+u202e\\+(n|u000a),/)
    assert.doesNotMatch(stdout, /[^\P{C}\n]/u)
    if (more.length === 0)
      assert.match(stdout, /and 4 more like these .*\n +do: kubectl describe node NAME\n/)
  }

  const second = await cluster.api.get(DAEMON_SET)
  const { spec } = second
  const metadata = { name: 'second', namespace: 'kured-system' }
  const sets = '/apis/apps/v1/namespaces/kured-system/daemonsets'
  await cluster.api.create(sets, { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec })
  await until('the second is for all nodes', async () => {
    const { status } = await cluster.api.get(`${sets}/second`)
    return status.desiredNumberScheduled === second.status.desiredNumberScheduled
  })
  const twice = await fitnessOf(keeper)
  includes(
    twice.lines,
    /^warning kured: DaemonSet kured-system\/kured and DaemonSet \S+ are Kured 2 times/,
  )
  await cluster.api.delete(`${sets}/second`)
})

async function lock(cluster: Cluster, value: object | string): Promise<void> {
  const annotations = { [LOCK]: typeof value === 'string' ? value : JSON.stringify(value) }
  await cluster.api.patch(DAEMON_SET, { metadata: { annotations } })
}
