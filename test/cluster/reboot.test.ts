/** Kured and this program on a real cluster: who is rebooted, when, and who is left alone. */
import assert from 'node:assert/strict'
import { install, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, kernel } from '../lab/recipes.ts'
import type { Cluster } from './cluster.ts'
import { DAEMON_SET, installKured, Kured } from './kured.ts'
import { Member } from './member.ts'
import { clusterTest } from './shared.ts'
import { until } from './until.ts'

/** A sandboxed service runs, with a library of a package. */
async function runGreeter(node: LabNode): Promise<void> {
  await install(node, greet('1.0'), greeter)
  await node.ok(['systemctl', 'start', 'private'])
}

/** The same, and an upgrade has replaced the library. */
async function leaveStale(node: LabNode): Promise<void> {
  await runGreeter(node)
  await upgradeTo(node, greet('2.0'))
}

const bootOf = (node: LabNode) => node.readFile('/proc/sys/kernel/random/boot_id')

/** What Kured leaves of a node and of its lock when it is done. */
async function assertFree(cluster: Cluster, name: string): Promise<void> {
  const { spec } = await cluster.api.get(`/api/v1/nodes/${name}`)
  assert.equal(spec.unschedulable, undefined, `${name} is not cordoned`)
  const { metadata } = await cluster.api.get(DAEMON_SET)
  assert.deepEqual(
    Object.keys(metadata.annotations).filter((key) => key.includes('lock')),
    [],
  )
}

const ONE_REBOOT = ['locks', 'cordons', 'is drained', 'reboots', 'uncordons', 'releases']

clusterTest('a stale library reboots its node, once, and no other', async (cluster) => {
  await installKured(cluster)
  await using clean = await Member.join(cluster, 'clean')
  await using stale = await Member.join(cluster, 'stale')
  for (const { node } of [clean, stale]) await runGreeter(node)
  const events: string[] = []
  const [onClean, onStale] = [clean, stale].map((one) => new Kured(cluster, one, { events }))
  for (const kured of [onClean!, onStale!]) assert.equal((await kured.turn()).outcome, 'not due')
  assert.deepEqual(events, [])

  await upgradeTo(stale.node, greet('2.0'))
  const [untouched, before] = [await bootOf(clean.node), await bootOf(stale.node)]
  assert.equal((await onClean!.turn()).outcome, 'not due')
  const { outcome, sentinel } = await onStale!.turn()
  assert.equal(outcome, 'rebooted')
  assert.match(sentinel.stdout, /^reboot required: \S+ .*runs a replaced .*\n$/)
  assert.deepEqual(
    events,
    ONE_REBOOT.map((event) => `stale ${event}`),
  )
  await assertFree(cluster, 'stale')
  assert.equal(await bootOf(clean.node), untouched)
  assert.notEqual(await bootOf(stale.node), before)
  const { status } = await cluster.api.get('/api/v1/nodes/stale')
  assert.equal(status.nodeInfo.bootID, (await bootOf(stale.node)).trim(), 'as the cluster sees it')

  for (const kured of [onClean!, onStale!]) assert.equal((await kured.turn()).outcome, 'not due')
})

clusterTest('two nodes are due: one at a time', async (cluster) => {
  await using first = await Member.join(cluster, 'first')
  await using second = await Member.join(cluster, 'second')
  const members = [first, second]
  for (const { node } of members) await leaveStale(node)
  const events: string[] = []
  const outcomes = await Promise.all(
    members.map(async (member) => {
      const kured = new Kured(cluster, member, { events })
      const seen: string[] = []
      await until(
        `${member.name} needs no reboot`,
        async () => {
          seen.push((await kured.turn()).outcome)
          return seen.at(-1) === 'not due'
        },
        120_000,
      )
      return seen
    }),
  )
  const order = events.map((event) => event.split(' ')[0] ?? '')
  const [winner = '', loser = ''] = new Set(order)
  const inTurn = [winner, loser].flatMap((name) => ONE_REBOOT.map((event) => `${name} ${event}`))
  assert.deepEqual(events, inTurn, 'the second is not touched before the first has given back')
  for (const seen of outcomes) {
    assert.equal(seen.filter((outcome) => outcome === 'rebooted').length, 1)
  }
  assert.equal(outcomes.flat().includes('locked out'), true)
})

clusterTest('a kernel that no boot starts: one reboot, then a person is asked', async (cluster) => {
  await using member = await Member.join(cluster, 'useless')
  await install(member.node, kernel('linux', '9.9.9', '9.9.9-lab'))
  const events: string[] = []
  const kured = new Kured(cluster, member, { events })
  assert.equal((await kured.turn()).outcome, 'rebooted')
  const again = await kured.turn()
  assert.equal(again.outcome, 'warned')
  assert.equal(again.sentinel.exitCode, 2)
  assert.match(again.sentinel.stderr, /9\.9\.9-lab/)
  assert.deepEqual(
    events,
    ONE_REBOOT.map((event) => `useless ${event}`),
  )
  await assertFree(cluster, 'useless')
})

clusterTest('what needs a person is a warning, and nothing is done', async (cluster) => {
  await using member = await Member.join(cluster, 'doubtful')
  await leaveStale(member.node)
  await member.node.shell("touch --date='2 hours ago' /var/lib/pacman/db.lck")
  const events: string[] = []
  const kured = new Kured(cluster, member, { events })
  const { outcome, sentinel } = await kured.turn()
  assert.deepEqual([outcome, sentinel.exitCode], ['warned', 2])
  assert.match(sentinel.stderr, /stale lock/)
  assert.deepEqual(events, [])

  await member.node.ok(['rm', '/var/lib/pacman/db.lck'])
  assert.equal((await kured.turn()).outcome, 'rebooted')
})

const SOON = `[health]
after = 1ms
every = 700ms
stable = 2s
limit = 3s
`

clusterTest('a node that is not well after the boot is not rebooted again', async (cluster) => {
  await using member = await Member.join(cluster, 'unwell')
  const { node } = member
  const mended = '/run/mended'
  await node.writeFile('/etc/kured-sentinel.conf', SOON)
  await node.writeFile('/etc/kured-sentinel/health.d/disk', `#!/bin/sh\ntest -e ${mended}\n`, 0o755)
  const sooner = '/etc/systemd/system/kured-sentinel-health.timer.d/sooner.conf'
  await node.writeFile(sooner, '[Timer]\nOnBootSec=\nOnBootSec=100ms\n')
  await node.ok(['kured-sentinel', 'units', 'install', '--local'])
  await node.ok(['systemctl', 'enable', 'kured-sentinel-health.timer'])
  await leaveStale(node)
  const events: string[] = []
  const kured = new Kured(cluster, member, { events })
  assert.equal((await kured.turn()).outcome, 'rebooted')
  // Kured gives the node back without a look at it.
  await assertFree(cluster, 'unwell')

  // Another reason for a reboot does not count before the node is well.
  await node.ok(['systemctl', 'start', 'private'])
  await upgradeTo(node, greet('3.0'))
  let turn = await kured.turn()
  await until('the node is known to be unwell', async () => {
    turn = await kured.turn()
    return turn.outcome === 'warned'
  })
  assert.equal(turn.sentinel.exitCode, 2)
  assert.match(turn.sentinel.stderr, /not well since the boot: /)
  assert.deepEqual(
    events,
    ONE_REBOOT.map((event) => `unwell ${event}`),
  )

  await node.ok(['touch', mended])
  await until('the node is well', async () => (await kured.turn()).outcome === 'rebooted')
})
