/** What `doctor` says of Kured's pods, which it asks the API for as the kubelet. */
import assert from 'node:assert/strict'
import { ApiError } from './api.ts'
import type { Cluster } from './cluster.ts'
import { chartArguments, installKured, removeKured } from './kured.ts'
import { Member } from './member.ts'
import { clusterTest } from './shared.ts'
import { CRASHES } from './status.ts'
import { until } from './until.ts'
import { readEnvelope } from '../fixture/envelope.ts'

type KuredPod = Parameters<typeof installKured>[1]

/** What doctor says of Kured with such a pod on the node, as "state: message (advice)". */
async function saidOf(cluster: Cluster, member: Member, pod: KuredPod): Promise<string> {
  await installKured(cluster, pod)
  try {
    const pods = `/api/v1/pods?fieldSelector=spec.nodeName%3D${member.name}`
    await until('the kubelet has looked at the pod', async () => {
      const items = await cluster.api.items(pods)
      return items.length > 0 && items.every(({ status }) => status.phase === 'Running')
    })
    return await said(member)
  } finally {
    await removeKured(cluster)
  }
}

/** Of its pod alone: no Kured of these asks, and when one asked is another test's (doctor-kured). */
async function said(member: Member): Promise<string> {
  const { stdout, stderr } = await member.online(['kured-sentinel', 'doctor', '--json'])
  assert.equal(stderr, '')
  return readEnvelope('doctor', stdout)
    .findings.filter(({ kind, message }) => kind === 'kured' && !/asked/.test(message))
    .map(({ state, message, advice }) => `${state}: ${message} (${advice ?? ''})\n`)
    .join('')
    .replaceAll(/kured-system\/kured-\w+/g, 'POD')
}

/** The lines of a Kured that is as it should be. */
const GOOD = `ok: POD calls /usr/bin/kured-sentinel ()
ok: POD reboots by /usr/bin/kured-sentinel reboot ()
`

clusterTest('Kured by the shipped values, and the ways to get it wrong', async (cluster) => {
  await using member = await Member.join(cluster, 'well')
  assert.match(await said(member), /^warning: no Kured runs on this node/)
  const of = (pod: KuredPod) => saidOf(cluster, member, pod)
  assert.equal(await of({}), GOOD)

  const trap = chartArguments().filter((one) => !one.startsWith('--reboot-sentinel-command'))
  assert.match(
    await of({ args: [...trap, '--reboot-sentinel=/sentinel/reboot-required'] }),
    /^wrong: POD calls no command, but waits for the file \/sentinel\/reboot-required \(.*useRebootSentinelHostPath/,
  )
  assert.match(
    await of({ args: chartArguments({ rebootSentinelCommand: '/usr/bin/needrestart -b' }) }),
    /^wrong: POD calls \/usr\/bin\/needrestart -b, not kured-sentinel/,
  )
  assert.match(
    await of({ args: chartArguments({ rebootSentinelCommand: '/opt/bin/kured-sentinel' }) }),
    /^wrong: POD calls \/opt\/bin\/kured-sentinel, which is missing here/,
  )
  assert.match(
    await of({ args: chartArguments({ rebootCommand: '/bin/systemctl reboot' }) }),
    /^warning: POD reboots by \/bin\/systemctl reboot, which does not wait for upgrades/m,
  )
  const env = [{ name: 'KURED_REBOOT_SENTINEL_COMMAND', value: '/usr/bin/kured-sentinel' }]
  assert.match(await of({ args: trap, env }), /^ok: POD calls \/usr\/bin\/kured-sentinel \(\)$/m)
})

clusterTest('a variable of Kured’s is stronger than its argument', async (cluster) => {
  await using member = await Member.join(cluster, 'variables')
  const env = (value: string) => [{ name: 'KURED_REBOOT_SENTINEL_COMMAND', value }]
  const other = '/usr/bin/needrestart -b'
  assert.match(
    await saidOf(cluster, member, { env: env(other) }),
    /^wrong: POD calls \/usr\/bin\/needrestart -b, not kured-sentinel/,
  )
  const args = chartArguments({ rebootSentinelCommand: other })
  const right = env('/usr/bin/kured-sentinel')
  assert.equal(await saidOf(cluster, member, { args, env: right }), GOOD)
})

clusterTest('a Kured that crashes again and again does not run', async (cluster) => {
  await using member = await Member.join(cluster, 'crashing')
  const shown = await saidOf(cluster, member, { annotations: { [CRASHES]: 'yes' } })
  assert.match(
    shown,
    /^wrong: POD does not run: CrashLoopBackOff, started 5 times again \(kubectl logs .*\)$/m,
  )
})

clusterTest('a reboot by a signal: the advice names what to change', async (cluster) => {
  await using member = await Member.join(cluster, 'signalled')
  const args = chartArguments({ rebootMethod: 'signal' })
  const shown = await saidOf(cluster, member, { args })
  assert.match(shown, /^warning: POD reboots by a signal.*\(.*rebootMethod: command/m)
})

clusterTest('what a kubelet may read with its own credentials', async (cluster) => {
  await using member = await Member.join(cluster, 'reader')
  await using _ = await Member.join(cluster, 'neighbour')
  const pods = (query: string) => `/api/v1/pods${query}`
  const expected: Record<string, number> = {
    '/version': 200,
    '/readyz': 200,
    '/api/v1/nodes/reader': 200,
    '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/reader': 200,
    [pods('?fieldSelector=spec.nodeName%3Dreader')]: 200,
    [pods('?fieldSelector=spec.nodeName%3Dreader&limit=1')]: 200,
    [pods('?fieldSelector=spec.nodeName%3Dneighbour')]: 403,
    [pods('')]: 403,
    '/api/v1/namespaces/kured-system/pods?fieldSelector=spec.nodeName%3Dreader': 200,
    '/api/v1/namespaces/kured-system/pods': 403,
    '/api/v1/nodes': 403,
    '/api/v1/nodes?fieldSelector=metadata.name%3Dreader': 200,
    '/api/v1/nodes/neighbour': 403,
    '/apis/apps/v1/namespaces/kured-system/daemonsets': 403,
    '/apis/policy/v1/poddisruptionbudgets': 403,
    '/api/v1/namespaces/kube-system/configmaps/kubeadm-config': 403,
    '/metrics': 403,
  }
  const answers: [string, number][] = []
  for (const path of Object.keys(expected)) {
    answers.push([path, await statusOf(member.api.get(path))])
  }
  assert.deepEqual(Object.fromEntries(answers), expected)
  assert.equal((await member.api.get('/version')).gitVersion, 'v1.37.2')
})

async function statusOf(asked: Promise<unknown>): Promise<number> {
  try {
    await asked
    return 200
  } catch (error) {
    if (error instanceof ApiError) return error.status
    throw error
  }
}
