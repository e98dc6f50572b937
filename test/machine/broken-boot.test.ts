/** Kernels that would not come: what Kured is told before the reboot. */
import assert from 'node:assert/strict'
import { askAsKured, PATIENCE_MS, say } from './commands.ts'
import { makeGoods, takeOffer } from './goods.ts'
import type { Machine } from './machine.ts'
import { readyMachine } from './ready.ts'
import { machineTest } from './shared.ts'
import { readKernels } from './tools.ts'

const [OLD, NEXT] = readKernels()
const INITRAMFS = '/boot/initramfs-linux.img'

const upgrade = (machine: Machine) => machine.shell('pacman -Syu --noconfirm', PATIENCE_MS)

/** Neither Kured nor the gate reboots, and both say why. */
async function assertNoReboot(machine: Machine, why: RegExp): Promise<void> {
  for (const answer of [askAsKured(machine), say(machine, 'reboot --dry-run')]) {
    const { exitCode, said } = await answer
    assert.match(said, why)
    assert.equal(exitCode, 2, said)
  }
}

async function assertReboot(machine: Machine): Promise<void> {
  const { exitCode, said } = await askAsKured(machine)
  assert.match(said, new RegExp(`^reboot required: kernel ${OLD.release} is running`))
  assert.equal(exitCode, 0)
}

machineTest('known before the drain: a reboot would be useless, or fatal', async (step) => {
  const node = await readyMachine({ name: 'known', goods: await makeGoods({ files: [NEXT.file] }) })
  await takeOffer(node, 0)

  await step('/boot was not mounted during the upgrade', async () => {
    // The boot loader starts what is in /boot when it is mounted.
    await node.shell(`
cp -a /boot /bootpart
sed -i 's:/boot/:/bootpart/:' /boot/extlinux/extlinux.conf
echo '/bootpart /boot none bind 0 0' >>/etc/fstab`)
    await upgrade(node)
    await assertNoReboot(node, /\/boot is in \/etc\/fstab, but not mounted\. To do: mount \/boot/)
    await node.shell('mount /boot')
    const wrong = `/boot/vmlinuz-linux is ${OLD.release}, but linux ${NEXT.release} is installed`
    await assertNoReboot(node, new RegExp(wrong))
    await node.shell('pacman -S --noconfirm linux', PATIENCE_MS)
    await assertReboot(node)
  })

  await step('the initramfs is missing, or was not made', async () => {
    await node.shell(`mv ${INITRAMFS} /boot/kept`)
    await assertNoReboot(node, /initramfs-linux\.img of linux is missing or empty/)
    await node.shell(`mv /boot/kept ${INITRAMFS}; touch -d '-1 day' ${INITRAMFS}
mv /usr/bin/mkinitcpio /usr/bin/mkinitcpio.kept
printf '#!/bin/sh\\nexit 1\\n' >/usr/bin/mkinitcpio; chmod +x /usr/bin/mkinitcpio`)
    await node.shell('pacman -S --noconfirm linux', PATIENCE_MS)
    await assertNoReboot(
      node,
      /initramfs-linux\.img is older than linux, which was installed later/,
    )
  })

  await step(
    'pacman was killed while the initramfs was made, and a person removed its lock',
    async () => {
      await node.shell(
        `printf '#!/bin/sh\\n: >/run/reached; exec sleep infinity\\n' >/usr/bin/mkinitcpio
pacman -S --noconfirm linux >/dev/null 2>&1 &
until [ -e /run/reached ]; do sleep 0.1; done
pkill -KILL -x pacman; pkill -x sleep; rm /var/lib/pacman/db.lck
mv /usr/bin/mkinitcpio.kept /usr/bin/mkinitcpio`,
        PATIENCE_MS,
      )
      await assertNoReboot(node, /the upgrade of linux did not end/)
    },
  )
})
