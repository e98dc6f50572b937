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
import { makeGoods, type Offer, takeOffer } from './goods.ts'
import type { Machine } from './machine.ts'
import { readyMachine } from './ready.ts'
import { machineTest } from './shared.ts'
import { readKernels } from './tools.ts'

const NO_REBOOT = { exitCode: 1, said: 'no reboot required' }

const [OLD, NEXT] = readKernels()

machineTest('a new kernel: download, upgrade, check, gate, a real reboot, check', async () => {
  const node = await nodeWith({ files: [NEXT.file] })
  await node.shell('kured-sentinel units install --role cache --local --enable')
  assert.deepEqual(await askAsKured(node), NO_REBOOT)
  await node.shell('systemctl start pacman-cache-update', PATIENCE_MS)
  await node.shell('systemctl start pacman-upgrade', PATIENCE_MS)
  const { outcome, packages, problems } = await readRun(node)
  assert.deepEqual([outcome, packages, problems], ['completed', 1, []])
  await assertNeedsReboot(node, 'linux')
  await rebootByGate(node)
  assert.equal(await node.shell('uname -r'), `${NEXT.release}\n`)
  assert.deepEqual(await askAsKured(node), NO_REBOOT)
  const { said } = await say(node, 'doctor')
  assert.match(said, new RegExp(`/boot/vmlinuz-linux is linux ${NEXT.release}`))
  assert.match(said, /the last upgrade, at \S+, completed: 1 package/)
  assert.match(said, /the last download, at \S+, completed/)
})

machineTest(
  'the layout of Arch Linux ARM, and a boot loader that starts the old kernel',
  async (step) => {
    const node = await nodeWith(
      { recipes: [boardKernel(OLD, '1.0')] },
      { recipes: [boardKernel(NEXT, '2.0')] },
    )

    await step('Image, and neither vmlinuz nor pkgbase: up to the decision', async () => {
      // The kernel that runs, in that layout, takes the place of Arch's package.
      await node.shell(
        `cp /boot/vmlinuz-linux /boot/vmlinuz-kept
cp /boot/initramfs-linux.img /boot/initramfs-kept.img
sed -i 's/vmlinuz-linux/Image/' /boot/extlinux/extlinux.conf
pacman -Syu --noconfirm`,
        PATIENCE_MS,
      )
      assert.deepEqual(await askWhenKnown(node), NO_REBOOT)
      await takeOffer(node, 1)
      await node.shell('pacman -Syu --noconfirm', PATIENCE_MS)
      await assertNeedsReboot(node, 'linux-aarch64')
      const { said } = await say(node, 'doctor')
      assert.match(said, new RegExp(`/boot/Image is linux-aarch64 ${NEXT.release}`))
    })

    await step(
      'known after one reboot: the boot loader starts the kernel from before',
      async () => {
        await node.shell(`cd /boot/extlinux
sed -i 's/Image/vmlinuz-kept/; s/initramfs-linux/initramfs-kept/' extlinux.conf`)
        await rebootByGate(node)
        assert.equal(await node.shell('uname -r'), `${OLD.release}\n`)
        for (const ask of [1, 2]) {
          const { exitCode, said } = await askAsKured(node)
          assert.match(said, /a reboot for kernel \S+ did not help/, `ask ${ask}`)
          assert.equal(exitCode, 2)
        }
        assert.equal((await askAsKured(node, 'reboot')).exitCode, 2)
      },
    )
  },
)

/** A machine that has the first offer for its repository. */
async function nodeWith(...offers: Offer[]): Promise<Machine> {
  const node = await readyMachine({ name: 'node', goods: await makeGoods(...offers) })
  await node.shell(SOON_WELL)
  await takeOffer(node, 0)
  return node
}

/** As Kured does after the drain. */
async function rebootByGate(node: Machine): Promise<void> {
  let gate: Said | undefined
  await node.throughReboot(async () => {
    gate = await askAsKured(node, 'reboot')
  })
  assert.equal(gate?.exitCode, 0, gate?.said)
}

async function assertNeedsReboot(node: Machine, name: string): Promise<void> {
  const { exitCode, said } = await askWhenKnown(node)
  const kernels = `kernel ${OLD.release} is running, ${name} ${NEXT.release} is installed`
  // The old kernel's modules are gone too, which is named behind it.
  assert.equal(said.split(';')[0], `reboot required: ${kernels}`)
  assert.equal(exitCode, 0)
}
