/** What happens while a node is drained, and after: an upgrade, a hold, a budget that blocks. */
import assert from 'node:assert/strict'
import { install, offer, upgradeTo } from '../lab/lab.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { greet, greeter } from '../lab/recipes.ts'
import type { Cluster } from './cluster.ts'
import { installKured, Kured } from './kured.ts'
import { Member } from './member.ts'
import { RUNS } from './real-pod.ts'
import { clusterTest } from './shared.ts'
import { allRun, budget, deploy, isBeingEvicted } from './workload.ts'

/** A pod that ends, once it is asked to, not before somebody lets it go. */
const LINGERS = `trap 'until [ -e /run/let-go ]; do sleep 0.1; done; exit 0' TERM
while :; do sleep 0.1; done`

const letGo = (member: Member) => member.node.ok(['touch', '/run/let-go'])

/** Two packages that take some time each: half of them is half an upgrade. */
const steady = (name: string): PackageRecipe => ({
  name,
  version: '1.0',
  install: 'post_install() { sleep 3; }\n',
  files: { [`/usr/share/${name}`]: `${name}\n` },
})

/** A node that is due for a reboot. */
async function joinDue(cluster: Cluster, name: string): Promise<Member> {
  const member = await Member.join(cluster, name)
  await install(member.node, greet('1.0'), greeter)
  await member.node.ok(['systemctl', 'start', 'private'])
  await upgradeTo(member.node, greet('2.0'))
  return member
}

clusterTest('an upgrade that began during the drain ends before the reboot', async (cluster) => {
  await installKured(cluster)
  await using member = await joinDue(cluster, 'upgrading')
  const { node } = member
  await offer(node, steady('steady-a'), steady('steady-b'))
  await node.ok(['pacman', '-Sy'])
  await using _ = await deploy(cluster, 'upgrade-app', { annotations: { [RUNS]: LINGERS } })
  const turning = new Kured(cluster, member).turn()
  await isBeingEvicted(cluster, 'upgrade-app')
  const transaction = ['pacman', '-S', '--noconfirm', 'steady-a', 'steady-b']
  await node.ok(['systemd-run', '--collect', '--unit=upgrade', ...transaction])
  await node.shell('until [ -e /var/lib/pacman/db.lck ] && pgrep -x sleep; do sleep 0.1; done')
  await letGo(member)

  const { outcome, gate } = await turning
  assert.equal(outcome, 'rebooted')
  assert.match(gate?.stderr ?? '', /pacman is at work/)
  assert.match(gate?.stdout ?? '', /^rebooting, after waiting for \d+s\n$/)
  assert.match(await node.ok(['pacman', '-Q', 'steady-a', 'steady-b']), /^steady-a.*\nsteady-b/)
  assert.equal((await node.run(['test', '-e', '/var/lib/pacman/db.lck'])).exitCode, 1)
  await allRun(cluster, 'upgrade-app')
  await letGo(member)
})

clusterTest('a hold during the drain calls the reboot off', async (cluster) => {
  await using member = await joinDue(cluster, 'held')
  await using _ = await deploy(cluster, 'hold-app', { annotations: { [RUNS]: LINGERS } })
  const events: string[] = []
  const kured = new Kured(cluster, member, { events })
  const turning = kured.turn()
  await isBeingEvicted(cluster, 'hold-app')
  await member.node.ok(['kured-sentinel', 'hold', '--for', '1h', '--reason', 'a new disk'])
  await letGo(member)

  const { outcome, gate } = await turning
  assert.equal(outcome, 'refused')
  assert.match(gate?.stderr ?? '', /^no reboot: held for .* more: a new disk\n$/)
  const calledOff = [
    'locks',
    'cordons',
    'is drained',
    'is not rebooted: 1',
    'uncordons',
    'releases',
  ]
  assert.deepEqual(
    events,
    calledOff.map((event) => `held ${event}`),
  )
  await allRun(cluster, 'hold-app')
  assert.equal((await kured.turn()).outcome, 'not due', 'a hold is no reason to drain once more')

  await member.node.ok(['kured-sentinel', 'release'])
  assert.equal((await kured.turn()).outcome, 'rebooted')
  await letGo(member)
})

clusterTest('a budget that blocks: no reboot, and the node is given back', async (cluster) => {
  await using member = await joinDue(cluster, 'blocked')
  await using _ = await deploy(cluster, 'precious')
  await using rule = await budget(cluster, 'precious', { maxUnavailable: 0 })
  const events: string[] = []
  const kured = new Kured(cluster, member, { events, drainTimeoutS: 6 })
  const { outcome, gate } = await kured.turn()
  assert.deepEqual([outcome, gate], ['not drained', undefined])
  const givenUp = ['locks', 'cordons', 'is not drained', 'uncordons', 'releases']
  assert.deepEqual(
    events,
    givenUp.map((event) => `blocked ${event}`),
  )
  await allRun(cluster, 'precious')

  await rule.remove()
  assert.equal((await kured.turn()).outcome, 'rebooted')
  await allRun(cluster, 'precious')
})
