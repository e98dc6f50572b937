import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { withPrivateDirectory } from '../../src/host/private-directory.ts'
import { passGate, passGateAnd } from '../../src/reboot/gate.ts'
import {
  isUpgradeRunning,
  judgeBlockers,
  type RebootDecision,
  type BlockerEvidence,
} from '../../src/reboot/blockers.ts'
import { announceReboot, callOffReboot, isRebootPending } from '../../src/reboot/pending.ts'
import type { LockState } from '../../src/pacman/lock.ts'
import { makeTree } from '../fixture/tree.ts'

const NOTHING: BlockerEvidence = {
  hold: undefined,
  asked: 'yes',
  lock: undefined,
  dangers: [],
  busyUnits: [],
}

const lock = (state: LockState['state']): LockState => ({
  state,
  path: '/db.lck',
  why: 'it is old',
})
const hold = { answer: 'not-now', reason: 'held' } as const
const upgrade = ['pacman-upgrade.service is activating']

for (const [what, evidence, answer, reason] of [
  ['nothing', {}, 'go', ''],
  ['asked by a person', { asked: undefined }, 'go', ''],
  ['no check asked for it', { asked: 'no', hold }, 'attention', /rebootCommand/],
  ['its request was cancelled', { asked: 'cancelled', hold }, 'not-now', /was cancelled$/],
  ['a hold', { hold, lock: lock('held') }, 'not-now', 'held'],
  [
    'a stale lock',
    { lock: lock('stale'), busyUnits: upgrade },
    'attention',
    /^stale lock \/db\.lck: .* To do: kured-sentinel repair$/,
  ],
  ['pacman', { lock: lock('held') }, 'wait', 'pacman is at work: /db.lck is there'],
  ['an upgrade', { busyUnits: upgrade }, 'wait', 'pacman-upgrade.service is activating'],
  [
    'both',
    { lock: lock('held'), busyUnits: upgrade },
    'wait',
    `pacman is at work: /db.lck is there; ${upgrade[0]}`,
  ],
  ['an upgrade that did not end', { dangers: ['linux did not end'] }, 'attention', /^linux did/],
  ['the same, at work', { lock: lock('held'), dangers: ['x'] }, 'wait', /^pacman is at work/],
] as const satisfies [string, Partial<BlockerEvidence>, string, string | RegExp][]) {
  test(`what speaks against a reboot: ${what} → ${answer}`, () => {
    const outlook = judgeBlockers({ ...NOTHING, ...evidence })
    assert.equal(outlook.answer, answer)
    if (typeof reason === 'string') assert.equal(outlook.reason, reason)
    else assert.match(outlook.reason, reason)
  })
}

/** Passes the gate while each look sees the next of these; the last one stays. */
async function pass(answers: RebootDecision['answer'][], waitMs = 60_000) {
  const told: string[] = []
  let looks = 0
  const outlook = await passGate(
    {
      look: () => {
        const answer = answers[Math.min(looks++, answers.length - 1)] ?? 'go'
        return { answer, reason: answer }
      },
      pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
      waiting: (reason) => told.push(reason),
    },
    new Deadline(waitMs),
  )
  return { ...outlook, looks, told }
}

test('the gate opens when nothing was seen twice, and tells once what it waits for', async () => {
  assert.deepEqual(await pass(['go']), { answer: 'go', reason: 'go', looks: 2, told: [] })
  const gap = await pass(['wait', 'go', 'wait', 'wait', 'go'])
  assert.deepEqual([gap.answer, gap.looks, gap.told], ['go', 6, ['wait']])
})

test('the gate stays shut: at once where waiting does not help, else when the time is up', async () => {
  assert.equal((await pass(['attention'])).looks, 1)
  assert.equal((await pass(['wait', 'go', 'not-now'])).answer, 'not-now')
  const late = await pass(['wait'], 20)
  assert.equal(late.answer, 'not-now')
  assert.match(late.reason, /^still busy after .*: wait$/)
})

/** Passes the gate with last steps, in which `meanwhile` comes to be seen. */
async function passPrepared(meanwhile: RebootDecision['answer'][], isEnded = false) {
  const seen: RebootDecision['answer'][] = []
  let steps = 0
  const outlook = await passGateAnd(
    {
      look: () => ({ answer: seen.shift() ?? 'go', reason: '' }),
      pause: () =>
        isEnded && steps > 0 ? Promise.reject(new Error('ended')) : Promise.resolve(undefined),
      waiting: () => undefined,
    },
    new Deadline(60_000),
    () => {
      if (steps++ === 0) seen.push(...meanwhile)
      return Promise.resolve(undefined)
    },
  )
  return [outlook.answer, steps]
}

test('what comes while the fleet is told counts, and a signal then is no reboot', async () => {
  assert.deepEqual(await passPrepared([]), ['go', 1])
  assert.deepEqual(
    await passPrepared(['not-now']),
    ['not-now', 1],
    'a hold, or a cancelled request',
  )
  assert.deepEqual(await passPrepared(['go', 'attention']), ['attention', 1])
  assert.deepEqual(await passPrepared(['wait', 'go']), ['go', 2], 'told anew after a wait')
  await assert.rejects(passPrepared([], true), /ended/)
})

test('a signal that the caller handles does not end it while it has a working directory', async () => {
  const handled = new Promise<void>((resolve) => process.once('SIGHUP', () => resolve()))
  // A handler of signals keeps no process going.
  const alive = setInterval(() => undefined, 1000)
  try {
    await withPrivateDirectory(async () => {
      process.kill(process.pid, 'SIGHUP')
      await handled
      await new Promise((resolve) => setTimeout(resolve, 1))
    })
  } finally {
    clearInterval(alive)
  }
})

test('an announced reboot ends by itself, or when it is called off', () => {
  const host = new Host(makeTree({ 'proc/uptime': '100.00 1.00\n' }))
  assert.equal(isRebootPending(host), false)
  announceReboot(host, 60_000)
  assert.equal(isRebootPending(host), true)
  callOffReboot(host)
  assert.equal(isRebootPending(host), false)
  announceReboot(host, -1000)
  assert.equal(isRebootPending(host), false, 'its time is over')
  for (const content of ['', 'garbage', '-1']) {
    const spoilt = { 'proc/uptime': '100.00 1.00\n', 'run/kured-sentinel/reboot-pending': content }
    assert.equal(isRebootPending(new Host(makeTree(spoilt))), false, content)
  }
})

for (const [active, sub, busy] of [
  ['inactive', 'dead', false],
  ['failed', 'failed', false],
  ['active', 'exited', false],
  ['activating', 'condition', true],
  ['activating', 'start', true],
  ['activating', 'auto-restart', false],
  ['deactivating', 'stop-post', true],
] as const) {
  test(`a unit that is ${active} (${sub}) is ${busy ? '' : 'not '}at work`, () => {
    const state = new Map([
      ['ActiveState', active],
      ['SubState', sub],
    ])
    assert.equal(isUpgradeRunning(state), busy)
  })
}
