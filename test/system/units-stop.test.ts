/** A host that goes down, or a job that is stopped, in the middle of an upgrade or a download. */
import assert from 'node:assert/strict'
import { bootNode, labTest } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { SEED_UPGRADE } from '../fixture/seed-units.ts'
import { outcome, prepareSlowUpgrade, rewind, startUpgrade } from './slow-packages.ts'

const MOUNTED = { tmpfs: ['/var/lib/pacman/sync', '/var/cache/pacman/pkg'] }

const reboots = async (node: LabNode) => {
  assert.equal(await node.waitForEnd(), 'reboot')
  await node.boot()
}

const STOPS: Record<string, (node: LabNode) => Promise<void>> = {
  'systemctl stop': async (node) => {
    await node.ok(['systemctl', 'stop', 'pacman-upgrade.service'])
  },
  'systemctl reboot': async (node) => {
    await node.run(['systemctl', 'reboot'])
    await reboots(node)
  },
  // What Kured's --reboot-method=signal does.
  'SIGRTMIN+5 to PID 1': async (node) => {
    await node.shell('kill -s RTMIN+5 1')
    await reboots(node)
  },
}

labTest('stopped in the middle of an upgrade: all of it is done, and nothing left', async () => {
  await using node = await bootNode(MOUNTED)
  await prepareSlowUpgrade(node)
  await node.ok(['kured-sentinel', 'units', 'install'])
  await node.writeFile(
    '/etc/systemd/system/pacman-upgrade.service.d/test.conf',
    '[Service]\nExecCondition=\nExecStopPost=\n',
  )
  await node.ok(['systemctl', 'daemon-reload'])
  for (const [how, stop] of Object.entries(STOPS)) {
    await rewind(node)
    await startUpgrade(node)
    await stop(node)
    assert.deepEqual(await outcome(node), { upgraded: 4, hookRan: true, locked: false }, how)
  }
})

labTest('the same with the seed’s unit: half the packages, no hook, a lock left', async () => {
  await using node = await bootNode(MOUNTED)
  await prepareSlowUpgrade(node)
  await node.writeFile('/etc/systemd/system/pacman-upgrade.service', SEED_UPGRADE)
  await node.ok(['systemctl', 'daemon-reload'])
  for (const [how, stop] of Object.entries(STOPS)) {
    await rewind(node)
    await startUpgrade(node)
    await stop(node)
    const { upgraded, hookRan, locked } = await outcome(node)
    assert.ok(upgraded < 4 && !hookRan && locked, `${how}: ${upgraded} ${hookRan} ${locked}`)
  }
})
