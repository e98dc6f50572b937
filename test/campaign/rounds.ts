/** Seeded rounds of a campaign: what one of them does, and how it ended. */
import type { LabNode } from '../lab/node.ts'
import { beginUpgrade, bootAgain, bootFrom, isTold, night, whatIsWrong } from './upgrade-node.ts'

export interface Round {
  round: number
  what: string
  /** ms after pacman's beginning */
  at: number
  end: 'whole' | 'told' | 'broken'
  detail: string
}

/** The longest that an upgrade takes here on a quiet machine. */
const UPGRADE_MS = 4000

/** A generator of numbers below 1, the same for the same seed and round. [mulberry32] */
export function random(seed: number, round: number): number {
  let state = (seed * 1_000_003 + round * 7919) | 0
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

/** A power cut at a random moment of the upgrade, or up to as long after it; then two nights. */
export async function cut(disk: string, seed: number, round: number): Promise<Round> {
  await using node = await bootFrom(disk)
  const at = Math.round(random(seed, round) * 2 * UPGRADE_MS)
  await beginUpgrade(node, at)
  await node.losePower()
  await bootAgain(node)
  await night(node)
  await night(node)
  return await judge(node, { round, what: 'power cut', at })
}

const reboots = async (node: LabNode) => {
  await node.waitForEnd(120_000)
  await bootAgain(node)
}

/** The ways of a host to go down, and of a job to be stopped. */
const WAYS: Record<string, (node: LabNode) => Promise<void>> = {
  'systemctl poweroff': async (node) => {
    await node.run(['systemctl', 'poweroff'])
    await reboots(node)
  },
  'systemctl reboot': async (node) => {
    await node.run(['systemctl', 'reboot'])
    await reboots(node)
  },
  'SIGRTMIN+5 to PID 1': async (node) => {
    await node.run(['/bin/sh', '-c', 'kill -s RTMIN+5 1'])
    await reboots(node)
  },
  'systemctl stop': async (node) => {
    await node.run(['systemctl', 'stop', 'pacman-upgrade.service'], { timeoutMs: 60_000 })
  },
  'kured-sentinel reboot': async (node) => {
    await node.run(['kured-sentinel', 'reboot', '--yes'], { timeoutMs: 120_000 })
    await reboots(node)
  },
}

/** A shutdown or stop at a random moment; one night later, as a run that had not begun is skipped. */
export async function shutdown(disk: string, seed: number, round: number): Promise<Round> {
  await using node = await bootFrom(disk)
  const ways = Object.entries(WAYS)
  const [what, go] = ways[round % ways.length]!
  const at = Math.round(random(seed, round) * UPGRADE_MS)
  await beginUpgrade(node, at)
  await go(node)
  await night(node)
  return await judge(node, { round, what, at })
}

async function judge(node: LabNode, met: Pick<Round, 'round' | 'what' | 'at'>): Promise<Round> {
  const detail = await whatIsWrong(node)
  const end = detail === '' ? 'whole' : (await isTold(node)) ? 'told' : 'broken'
  return { ...met, end, detail }
}
