/** When a look leaves the stamp by which bin/kured-sentinel answers the next minutes; see entry.test.ts. */
import assert from 'node:assert/strict'
import { bootNode, install, labTest, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter } from '../lab/recipes.ts'

const SENTINEL = ['/usr/bin/kured-sentinel']
const STAMP = '/run/kured-sentinel/clean'
const LOCK = '/var/lib/pacman/db.lck'
const CONFIG = '/etc/kured-sentinel.conf'

/** A complete look, by the program, as Kured has it made. @returns its exit code */
async function look(node: LabNode): Promise<number | undefined> {
  await node.ok(['rm', '-f', STAMP])
  return (await node.asKured(SENTINEL)).exitCode
}

const isStamped = async (node: LabNode) => (await node.run(['test', '-e', STAMP])).exitCode === 0

labTest('no stamp where the answer may change by itself, or is another one than 1', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter)
  const says = async (exitCode: number, stamped: boolean, why: string) => {
    assert.deepEqual([await look(node), await isStamped(node)], [exitCode, stamped], why)
  }
  await says(1, true, 'nothing is due')
  await node.writeFile(CONFIG, '[sentinel]\ncount = deleted\n')
  await says(1, false, 'what is deleted counts, and any process may delete')
  await node.ok(['rm', CONFIG])
  await node.shell(`: >${LOCK}`)
  await says(1, false, 'pacman is at work')
  await node.ok(['rm', LOCK])
  await node.ok(['systemctl', 'start', 'plain'])
  await upgradeTo(node, greet('2.0'))
  await says(0, false, 'a reboot is due')
  await node.ok(['kured-sentinel', 'hold', '--for', '1h', '--reason', 'x'])
  await says(1, false, 'held for an hour')
  await node.ok(['kured-sentinel', 'release'])
  await node.writeFile(CONFIG, '[sentinel]\nignore-command = greeter\n')
  await says(1, false, 'a process runs what was replaced, and does not count')
  await node.ok(['systemctl', 'stop', 'plain'])
  await says(1, true, 'none runs it any more')
  // One that is there goes as soon as something is due.
  await node.ok(['rm', CONFIG])
  await node.ok(['systemctl', 'start', 'plain'])
  await says(1, true, 'it runs what is installed')
  await upgradeTo(node, greet('3.0'))
  assert.equal((await node.asKured(SENTINEL)).exitCode, 0)
  assert.equal(await isStamped(node), false)
})
