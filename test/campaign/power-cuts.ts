/** Power cuts of emulated machines: what the kernel has not written to the disk is lost. */
import { until } from '../cluster/until.ts'
import { makeGoods, takeOffer } from '../machine/goods.ts'
import type { Machine } from '../machine/machine.ts'
import { readyMachine } from '../machine/ready.ts'
import { readKernels } from '../machine/tools.ts'
import { tool } from '../lab/recipes.ts'
import { random, type Round } from './rounds.ts'

/** How long an upgrade takes here on a quiet machine, from pacman's beginning to the record. */
const UPGRADE_MS = 15_000
const PATIENCE_MS = 600_000
const UNIT = 'pacman-upgrade.service'

/**
 * A copy of the kernel that no upgrade touches, as docs/upgrades.md advises: a hook removes the kernel
 * first of all. The boot loader takes it where the other is missing, and says so on the console.
 */
const SECOND_KERNEL = `cd /boot
cp vmlinuz-linux vmlinuz-second
cp initramfs-linux.img initramfs-second.img
cat >>extlinux/extlinux.conf <<END
SERIAL 0
ONERROR second
LABEL second
  LINUX /boot/vmlinuz-second
  INITRD /boot/initramfs-second.img
  APPEND root=/dev/vda rw console=ttyS0 quiet systemd.show_status=1
END`

/** The ends of a boot that came to none: the loader's prompt, and the kernel's last words. */
const STUCK = /^boot: $|Kernel panic - .*/m

/**
 * A power cut at a random moment of an upgrade to a new kernel, or up to as long after it; then two
 * nights without a person. A machine that does not boot is broken.
 */
export async function powerCut(seed: number, round: number): Promise<Round> {
  const [, next] = readKernels()
  const goods = await makeGoods(
    { recipes: [tool('1.0')] },
    { recipes: [tool('2.0')], files: [next.file] },
  )
  const machine = await readyMachine({ name: 'cut', goods })
  try {
    const at = Math.round(random(seed, round) * 2 * UPGRADE_MS)
    await beginUpgrade(machine, at)
    await machine.powerCut()
    const detail = (await boot(machine)) || (await twoNights(machine, next.version))
    return { round, what: 'power cut', at, end: await judge(machine, detail), detail }
  } finally {
    await machine.discard()
  }
}

/** @returns '', or how it ended */
async function boot(machine: Machine): Promise<string> {
  const before = machine.console().length
  const said = () => machine.console().slice(before)
  let up = false
  const boots = machine.boot().then(() => (up = true))
  // What comes to no end, as in an emergency mode, does not boot either.
  await Promise.race([
    boots,
    until('up or stuck', () => up || STUCK.test(said()), PATIENCE_MS),
  ]).catch(() => {})
  return up ? '' : `it does not boot: ${said().trim().split('\n').slice(-3).join('; ')}`
}

/** Starts the upgrade, and waits until pacman has begun and that many ms more. */
async function beginUpgrade(machine: Machine, ms: number): Promise<void> {
  await takeOffer(machine, 0)
  await machine.shell('kured-sentinel units install --local; pacman -Sy --noconfirm tool')
  await machine.shell(SECOND_KERNEL)
  await takeOffer(machine, 1)
  const begun = 'until grep -q "starting full system upgrade" $log; do sleep 0.05; done'
  await machine.shell(
    `log=/var/log/pacman.log
pacman -Syuw --noconfirm
: >$log
sync
systemctl start --no-block ${UNIT}
${begun}
sleep ${(ms / 1000).toFixed(3)}`,
    PATIENCE_MS,
  )
}

/** @returns what is wrong after them, as pacman and its files tell; '' if it is whole and current */
async function twoNights(machine: Machine, version: string): Promise<string> {
  await takeOffer(machine, 1)
  for (const _ of [1, 2]) await machine.run(`systemctl start ${UNIT}`, PATIENCE_MS)
  const { stdout, stderr } = await machine.run(
    `set +e
[ ! -e /var/lib/pacman/db.lck ] || echo a lock
[ "$(pacman -Q linux tool | xargs)" = "linux ${version}-1 tool 2.0-1" ] || pacman -Q linux tool
pacman -Dk >/dev/null || echo pacman -Dk
pacman -Qkk linux tool 2>&1 | grep -v ' 0 altered files$'
cmp /boot/vmlinuz-linux /usr/lib/modules/*/vmlinuz
gzip -t /boot/initramfs-linux.img
[ ! -s /var/lib/kured-sentinel/unfinished ] || echo unfinished: $(cat /var/lib/kured-sentinel/unfinished)`,
    PATIENCE_MS,
  )
  return `${stdout}${stderr}`.trim().replaceAll('\n', '; ')
}

async function judge(machine: Machine, detail: string): Promise<Round['end']> {
  if (detail === '') return 'whole'
  if (detail.startsWith('it does not boot')) return 'broken'
  const { stdout } = await machine.run('kured-sentinel doctor --json', PATIENCE_MS)
  return stdout.includes('kured-sentinel repair') ? 'told' : 'broken'
}
