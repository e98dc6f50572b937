/** Nodes that an upgrade breaks: what health makes of them after the reboot, and what Kured gets. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { FAILS, prepareServed, served, WELL } from '../lab/served.ts'

const STATE = '/var/lib/kured-sentinel/health.json'
const CHECK = ['/usr/bin/kured-sentinel']

const LOOPS = served('2.0', 'served.service', [
  'ExecStart=/bin/sh -c "sleep 1; exit 1"',
  'Restart=always',
  'RestartSec=1ms',
])
const RENAMED = served('2.0', 'renamed.service', WELL)

/** Asks as Kured does until the verdict is there. @returns the answers so far */
async function askUntil(node: LabNode, verdict: string): Promise<(number | undefined)[]> {
  const answers: (number | undefined)[] = []
  const end = Date.now() + 90_000
  for (;;) {
    answers.push((await node.asKured(CHECK)).exitCode)
    const { stdout } = await node.run(['kured-sentinel', 'health', '--json'])
    if (JSON.parse(stdout).verdict === verdict) return answers
    assert.ok(Date.now() < end, stdout)
    await sleep(300)
  }
}

/** A node that was rebooted by the gate, with the upgrade. */
async function prepareNode(node: LabNode, upgrade: PackageRecipe): Promise<void> {
  await prepareServed(node)
  await offer(node, upgrade)
  await node.ok(['pacman', '-Syu', '--noconfirm'])
  assert.equal((await node.asKured(CHECK)).exitCode, 0)
  assert.equal((await node.asKured([...CHECK, 'reboot'])).exitCode, 0)
  assert.equal(await node.waitForEnd(), 'reboot')
  await node.boot()
  await node.shell(
    `until grep -q "$(cat /proc/sys/kernel/random/boot_id)" ${STATE}; do sleep 0.1; done`,
  )
  // As if the next reboot were due already.
  await node.ok(['pacman', '-S', '--noconfirm', 'linux'])
}

async function expectUnhealthy(node: LabNode, why: RegExp): Promise<void> {
  const answers = await askUntil(node, 'unhealthy')
  answers.push((await node.asKured(CHECK)).exitCode)
  assert.ok(!answers.includes(0), answers.join())
  assert.equal(answers.at(-1), 2)
  // And nothing else of the node is taken for unwell.
  const { reasons } = JSON.parse(await node.readFile(STATE))
  assert.equal(reasons.length, 1, reasons.join('; '))
  const { stderr } = await node.asKured(CHECK)
  assert.match(stderr, why)
  assert.match(stderr, /kured-sentinel health --accept/)
}

const kindsOf = async (node: LabNode): Promise<string[]> => {
  const { events } = JSON.parse(await node.ok(['kured-sentinel', 'history', '--json'])).details
  return events.flatMap(({ kind, verdict }: any) => (kind === 'health' ? [verdict] : []))
}

labTest(
  'three nodes that an upgrade breaks: unhealthy, and no 0, until mended or accepted',
  async () => {
    await using fails = await bootNode()
    await using loops = await bootNode()
    await using renamed = await bootNode()
    await Promise.all([
      prepareNode(fails, FAILS).then(() =>
        expectUnhealthy(fails, /: served\.service has failed\./),
      ),
      prepareNode(loops, LOOPS).then(() =>
        expectUnhealthy(loops, /: served\.service (ends soon after each start|is activating)/),
      ),
      prepareNode(renamed, RENAMED).then(() =>
        expectUnhealthy(renamed, /: served\.service was active before the reboot, and is gone\./),
      ),
    ])

    // It goes on looking: mended is mended.
    await install(fails, served('3.0', 'served.service', WELL))
    await fails.shell('systemctl daemon-reload; systemctl start served')
    await askUntil(fails, 'healthy')
    assert.equal((await fails.asKured(CHECK)).exitCode, 0)
    assert.deepEqual(await kindsOf(fails), ['unhealthy', 'healthy'])

    // The administrator's own check, in a boot that nobody had planned.
    const check = '/etc/kured-sentinel/health.d/10-disk'
    await fails.writeFile(check, '#!/bin/sh\necho the disk is dying; exit 1\n', 0o755)
    await fails.powerCut()
    await fails.boot()
    await askUntil(fails, 'unhealthy')
    assert.match((await fails.asKured(CHECK)).stderr, /10-disk: the disk is dying/)

    assert.equal((await loops.run(['kured-sentinel', 'health', '--accept'])).exitCode, 0)
    assert.equal((await loops.asKured(CHECK)).exitCode, 0)
    assert.deepEqual(await kindsOf(loops), ['unhealthy', 'accepted'])
    await loops.shell('while systemctl is-active kured-sentinel-health; do sleep 0.2; done')
  },
)
