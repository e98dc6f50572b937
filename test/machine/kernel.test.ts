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
import { boardKernel } from './board-kernel.ts'
import { makeGoods, takeOffer } from './goods.ts'
import type { Machine } from './machine.ts'
import { readyMachine } from './ready.ts'
import { machineTest } from './shared.ts'
import { type KernelPackage, readKernels } from './tools.ts'

const NO_REBOOT = { exitCode: 1, said: 'no reboot required' }

machineTest('a new kernel: download, upgrade, check, gate, a real reboot, check', async (step) => {
  const [old, next] = readKernels()
  // The older kernel in a newer package: it is another one, and the machine has no third.
  const boards = [boardKernel(next, '1.0'), boardKernel(old, '2.0')]
  const goods = await makeGoods(
    { files: [next.file] },
    ...boards.map((recipe) => ({ recipes: [recipe] })),
  )
  const node = await readyMachine({ name: 'node', goods })
  await node.shell(`${SOON_WELL}; kured-sentinel units install --role cache --local --enable`)
  assert.deepEqual(await askAsKured(node), NO_REBOOT)

  await step('Arch: vmlinuz, pkgbase, and a copy in /boot', async () => {
    await takeOffer(node, 0)
    await assertUpgraded(node, 1)
    await assertNeedsReboot(node, { running: old, installed: next, name: 'linux' })
    await rebootInto(node, next, '/boot/vmlinuz-linux is linux')
    const { said } = await say(node, 'doctor')
    assert.match(said, /the last upgrade, at \S+, completed: 1 package/)
    assert.match(said, /the last download, at \S+, completed/)
  })

  await step('the power is cut right after an upgrade: all of it is on the disk', async () => {
    // The kernel that runs, in the layout of Arch Linux ARM, takes the place of Arch's package.
    await node.shell(`sed -i 's/vmlinuz-linux/Image/' /boot/extlinux/extlinux.conf`)
    await takeOffer(node, 1)
    await assertUpgraded(node, 1)
    await node.powerCut()
    await node.boot()
    assert.equal(await node.shell('uname -r'), `${next.release}\n`)
    assert.deepEqual(await askWhenKnown(node), NO_REBOOT)
    await node.shell('pacman -Dk; pacman -Qkk linux-aarch64; gzip -t /boot/initramfs-linux.img')
  })

  await step('Arch Linux ARM: /boot/Image, and neither vmlinuz nor pkgbase', async () => {
    await takeOffer(node, 2)
    await assertUpgraded(node, 1)
    await assertNeedsReboot(node, { running: next, installed: old, name: 'linux-aarch64' })
    await rebootInto(node, old, '/boot/Image is linux-aarch64')
  })
})

/** What a night does: a download and an upgrade. */
async function assertUpgraded(node: Machine, packages: number): Promise<void> {
  await node.shell('systemctl start pacman-cache-update', PATIENCE_MS)
  await node.shell('systemctl start pacman-upgrade', PATIENCE_MS)
  const run = await readRun(node)
  assert.deepEqual([run.outcome, run.packages, run.problems], ['completed', packages, []])
}

async function assertNeedsReboot(
  node: Machine,
  { running, installed, name }: { running: KernelPackage; installed: KernelPackage; name: string },
): Promise<void> {
  const { exitCode, said } = await askWhenKnown(node)
  const kernels = `kernel ${running.release} is running, ${name} ${installed.release} is installed`
  // The old kernel's modules are gone too, which is named behind it.
  assert.equal(said.split(';')[0], `reboot required: ${kernels}`)
  assert.equal(exitCode, 0)
}

/** @param image what doctor says of the boot image, up to its release */
async function rebootInto(node: Machine, { release }: KernelPackage, image: string): Promise<void> {
  let gate: Said | undefined
  await node.throughReboot(async () => {
    gate = await askAsKured(node, 'reboot')
  })
  assert.equal(gate?.exitCode, 0, gate?.said)
  assert.equal(await node.shell('uname -r'), `${release}\n`)
  assert.deepEqual(await askAsKured(node), NO_REBOOT)
  const { said } = await say(node, 'doctor')
  assert.match(said, new RegExp(`${image} ${release}`))
}
