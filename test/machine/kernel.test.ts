/** A new kernel, from the repository to the boot that runs it. */
import assert from 'node:assert/strict'
import {
  askAsKured,
  askWhenKnown,
  PATIENCE_MS,
  readRun,
  say,
  type Said,
  SOON_WELL,
} from './commands.ts'
import { makeGoods, takeOffer } from './goods.ts'
import { readyMachine } from './ready.ts'
import { machineTest } from './shared.ts'
import { readKernels } from './tools.ts'

const NO_REBOOT = { exitCode: 1, said: 'no reboot required' }

machineTest('a new kernel: download, upgrade, check, gate, a real reboot, check', async () => {
  const [old, next] = readKernels()
  const goods = await makeGoods({ files: [next.file] })
  const node = await readyMachine({ name: 'node', goods })
  await takeOffer(node, 0)
  await node.shell(`${SOON_WELL}; kured-sentinel units install --role cache --local --enable`)
  assert.deepEqual(await askAsKured(node), NO_REBOOT)

  await node.shell('systemctl start pacman-cache-update', PATIENCE_MS)
  await node.shell('systemctl start pacman-upgrade', PATIENCE_MS)
  const { outcome, packages, problems } = await readRun(node)
  assert.deepEqual([outcome, packages, problems], ['completed', 1, []])
  const due = await askWhenKnown(node)
  const kernels = `kernel ${old.release} is running, linux ${next.release} is installed`
  // The old kernel's modules are gone too, which is named behind it.
  assert.equal(due.said.split(';')[0], `reboot required: ${kernels}`)
  assert.equal(due.exitCode, 0)

  let gate: Said | undefined
  await node.throughReboot(async () => {
    gate = await askAsKured(node, 'reboot')
  })
  assert.equal(gate?.exitCode, 0, gate?.said)
  assert.equal(await node.shell('uname -r'), `${next.release}\n`)
  assert.deepEqual(await askAsKured(node), NO_REBOOT)
  const { said } = await say(node, 'doctor')
  assert.match(said, new RegExp(`/boot/vmlinuz-linux is linux ${next.release}`))
  assert.match(said, /the last upgrade, at \S+, completed: 1 package/)
  assert.match(said, /the last download, at \S+, completed/)
})
