/** Power cuts of emulated machines: what the kernel has not written to the disk is lost. */
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
    const detail = await machine.boot().then(
      () => twoNights(machine, next.version),
      () => `it does not boot: ${machine.console().trimEnd().split('\n').at(-1) ?? ''}`,
    )
    return { round, what: 'power cut', at, end: await judge(machine, detail), detail }
  } finally {
    await machine.discard()
  }
}

/** Starts the upgrade, and waits until pacman has begun and that many ms more. */
async function beginUpgrade(machine: Machine, ms: number): Promise<void> {
  await takeOffer(machine, 0)
  await machine.shell('kured-sentinel units install --local; pacman -Sy --noconfirm tool')
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
