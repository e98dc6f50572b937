/** What is remembered over real boots of a node whose kernel no reboot changes. */
import assert from 'node:assert/strict'
import { bootNode, install, labTest, offer, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, kernel } from './recipes.ts'

const STATE = '/var/lib/kured-sentinel'
const LINUX = kernel('linux', '9.9.9', '9.9.9-lab')

async function reboot(node: LabNode): Promise<void> {
  await node.run(['systemctl', 'reboot'])
  assert.equal(await node.waitForEnd(), 'reboot')
  await node.boot()
}

/** What Kured gets, and the words that come with it. */
async function ask(node: LabNode): Promise<[exitCode: number | undefined, said: string]> {
  const { exitCode, stdout, stderr } = await node.asKured(['/usr/bin/kured-sentinel'])
  return [exitCode, stdout + stderr]
}

async function answers(node: LabNode): Promise<number | undefined> {
  const [exitCode] = await ask(node)
  return exitCode
}

labTest(
  'a kernel that no reboot changes is asked for once, and again after a transaction',
  async () => {
    await using node = await bootNode()
    await install(node, LINUX, greet('1.0'), greeter)
    const state = `cat ${STATE}/guard.json`
    assert.equal(await answers(node), 0)
    const remembered = await node.shell(state)
    const together = await Promise.all(Array.from({ length: 8 }, () => answers(node)))
    assert.deepEqual(together, Array(8).fill(0), 'the checks of one boot all ask')
    assert.equal(await node.shell(state), remembered)
    assert.equal(await node.shell(`ls -A ${STATE}`), 'guard.json\n')

    await reboot(node)
    const [exitCode, said] = await ask(node)
    assert.equal(exitCode, 2)
    assert.match(said, /rebooted for kernel 9\.9\.9-lab, and it still holds: kernel .* is running/)
    const running = (await node.ok(['uname', '-r'])).trim()
    assert.ok(said.includes(`kernel ${running} is running, linux 9.9.9-lab is installed`))
    assert.match(said, /\/boot/)

    // A new reason counts as ever: a service that runs a replaced library, by a real upgrade.
    await node.ok(['systemctl', 'start', 'plain'])
    await upgradeTo(node, greet('2.0'))
    assert.equal(await answers(node), 0, 'after a transaction everything counts')
    await node.powerCut()
    await node.boot()
    assert.equal(await answers(node), 2, 'a power cut was a boot as well')
    await reboot(node)
    assert.equal(await answers(node), 2)

    await node.ok(['pacman', '-S', '--noconfirm', 'linux'])
    assert.equal(await answers(node), 0, 'a reinstalled kernel may have mended it')
    await node.shell('mv /var/log/pacman.log /var/log/pacman.log.1; : > /var/log/pacman.log')
    await reboot(node)
    assert.equal(await answers(node), 2, 'a rotated log is no transaction')
  },
)

labTest('a state that is lost or cannot be written, and a hold, over boots', async () => {
  await using node = await bootNode()
  await offer(node, LINUX, greet('1.0'))
  await node.ok(['pacman', '-Sy', '--noconfirm', 'linux'])

  await node.shell(`mkdir ${STATE}; mount -t tmpfs -o ro none ${STATE}`)
  const [refused, why] = await ask(node)
  assert.equal(refused, 2)
  assert.match(why, /guard\.json cannot be written: .*read-only/)
  await node.ok(['umount', STATE])
  assert.equal(await answers(node), 0)

  for (const spoil of [
    'truncate --size=30',
    'cp /usr/bin/true',
    'cp --no-preserve=all /srv/newer.json',
  ]) {
    await node.writeFile('/srv/newer.json', '{"version": 2, "asked": []}')
    await node.shell(`${spoil} ${STATE}/guard.json`)
    const [code, said] = await ask(node)
    assert.equal(code, 2, spoil)
    assert.match(said, /guard\.json cannot be read/)
    assert.equal(await answers(node), 2, 'it may have been asked for before')
    await node.shell(`rm ${STATE}/guard.json`)
    assert.equal(await answers(node), 0)
  }

  await node.ok(['kured-sentinel', 'hold', '--for', '2d', '--reason', 'replacing a disk'])
  await reboot(node)
  // A node of the lab has the uptime of the machine below it, which may be longer than the hold.
  await node.shell('echo 60.00 60.00 > /run/uptime; mount --bind /run/uptime /proc/uptime')
  const [held, said] = await ask(node)
  assert.equal(held, 1)
  assert.match(said, /held for 1d 23h more: replacing a disk/)
  await node.ok(['kured-sentinel', 'release'])
  assert.equal(await answers(node), 2, 'what it was rebooted for is remembered as well')
})
