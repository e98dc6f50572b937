/** What is remembered over real boots of a node whose kernel no reboot changes. */
import assert from 'node:assert/strict'
import { bootNode, install, labTest, offer, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, kernel, unpacker } from '../lab/recipes.ts'

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

labTest('a kernel that no reboot changes is asked for once for each installation', async () => {
  await using node = await bootNode()
  await install(node, LINUX, greet('1.0'), greeter)
  const state = `cat ${STATE}/requests.json`
  assert.equal(await answers(node), 0)
  const remembered = await node.shell(state)
  const together = await Promise.all(Array.from({ length: 8 }, () => answers(node)))
  assert.deepEqual(together, Array(8).fill(0), 'the checks of one boot all ask')
  assert.equal(await node.shell(state), remembered)
  assert.equal(
    await node.shell(`ls -A ${STATE}`),
    'history.jsonl\nlock\nrequests.json\nunfinished\n',
  )

  await reboot(node)
  const [exitCode, said] = await ask(node)
  assert.equal(exitCode, 2)
  assert.match(said, /a reboot for kernel 9\.9\.9-lab did not help: kernel .* is running/)
  const running = (await node.ok(['uname', '-r'])).trim()
  assert.ok(said.includes(`kernel ${running} is running, linux 9.9.9-lab is installed`))
  assert.match(said, /\/boot/)

  // A new reason counts as ever: a service that runs a replaced library, by a real upgrade.
  await node.ok(['systemctl', 'start', 'plain'])
  await upgradeTo(node, greet('2.0'))
  assert.equal(await answers(node), 0)
  await node.powerCut()
  await node.boot()
  assert.equal(await answers(node), 2, 'a power cut was a boot as well')

  await node.ok(['pacman', '-S', '--noconfirm', 'linux'])
  assert.equal(await answers(node), 0, 'a reinstalled kernel may have mended it')
  await node.shell(': > /var/log/pacman.log')
  await reboot(node)
  assert.equal(await answers(node), 2)
})

labTest('ten nights, an upgrade in each: no reboot but one for each installed kernel', async () => {
  await using node = await bootNode()
  await install(node, LINUX, unpacker)
  await node.ok(['systemctl', 'enable', '--now', 'unpacker'])
  const reboots: number[] = []
  for (let night = 1; night <= 10; night++) {
    await upgradeTo(node, greet(`${night}.0`))
    if ((await answers(node)) === 0) {
      reboots.push(night)
      await reboot(node)
    }
  }
  assert.deepEqual(reboots, [1])
  const status = await node.shell('kured-sentinel status')
  assert.match(
    status,
    /^not counted:\n {2}unpacker\.service {2}\/opt\/unpacker\/native-\w+ \(unpacker\[\d+\]\)\n +\(pacman has not replaced it in this boot\)$/m,
  )
  await node.ok(['pacman', '-S', '--noconfirm', 'linux'])
  assert.equal(await answers(node), 0)
  await reboot(node)
  assert.equal(await answers(node), 2)

  // As the article's script would have it: the unpacked library counts, but not before a day has gone.
  await node.writeFile('/etc/kured-sentinel.conf', '[sentinel]\ncount = deleted\n')
  const uptime = (seconds: number) =>
    node.shell(
      `echo ${seconds}.00 1.00 > /run/uptime; mountpoint -q /proc/uptime || mount --bind /run/uptime /proc/uptime`,
    )
  await uptime(3000)
  assert.equal(await answers(node), 2)
  await uptime(90_000)
  const [code, why] = await ask(node)
  assert.equal(code, 0)
  assert.match(why, /unpacker\[\d+\] runs a deleted library/)
  // Its service would only unpack anew.
  assert.doesNotMatch(await node.shell('kured-sentinel restart --dry-run'), /unpacker/)
})

labTest('a state that is lost or cannot be written, and a hold, over boots', async () => {
  await using node = await bootNode()
  await offer(node, LINUX, greet('1.0'))
  await node.ok(['pacman', '-Sy', '--noconfirm', 'linux'])

  await node.shell(`mkdir -p ${STATE}; mount -t tmpfs -o ro none ${STATE}`)
  const [refused, why] = await ask(node)
  assert.equal(refused, 2)
  assert.match(why, /requests\.json cannot be written: .*read-only/)
  await node.ok(['umount', STATE])
  assert.equal(await answers(node), 0)
  await reboot(node)

  for (const spoil of [
    'rm -f',
    'truncate --size=30',
    'cp /usr/bin/true',
    'cp --no-preserve=all /srv/newer.json',
  ]) {
    await node.writeFile('/srv/newer.json', '{"version": 2, "requests": []}')
    await node.shell(`${spoil} ${STATE}/requests.json`)
    for (let i = 0; i < 2; i++) {
      const [code, said] = await ask(node)
      assert.equal(code, 2, spoil)
      assert.match(said, /may already have rebooted for this \(the record of requests was lost\)/)
    }
  }

  await node.ok(['pacman', '-S', '--noconfirm', 'linux'])
  await node.ok(['kured-sentinel', 'hold', '--for', '2d', '--reason', 'replacing a disk'])
  await reboot(node)
  // A node of the lab has the uptime of the machine below it, which may be longer than the hold.
  await node.shell('echo 60.00 60.00 > /run/uptime; mount --bind /run/uptime /proc/uptime')
  const [held, said] = await ask(node)
  assert.equal(held, 1)
  assert.match(said, /held for 1d 23h more: replacing a disk/)
  await node.ok(['kured-sentinel', 'release'])
  assert.equal(await answers(node), 0, 'while it was held nobody was asked for that one')
})
