/** What a host tells the fleet of itself, by its files. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULTS } from '../../src/config/config.ts'
import { parseRow, rowText } from '../../src/fleet/row.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { isGoingDown, setGoingDown } from '../../src/report/going-down.ts'
import { collectOwnRow } from '../../src/report/own-row.ts'
import { BOOT_ID, hostTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const STATE = 'var/lib/kured-sentinel'

const hostWith = (more: Tree = {}) =>
  new Host(makeTree(hostTree({ 'etc/hostname': 'node1\n', 'etc/machine-id': 'abc\n', ...more })))

const rowOf = (host: Host) => collectOwnRow(host, DEFAULTS, new Deadline(60_000))

function healthFile(more: object): Tree {
  const health = { version: 1, bootId: BOOT_ID, verdict: 'unhealthy', reasons: ['a'], ...more }
  return { [`${STATE}/health.json`]: JSON.stringify(health) }
}

function bootEvent(how: string): Tree {
  const stamp = { at: '2026-11-27T00:00:00.000Z', bootId: BOOT_ID, uptimeMs: 1 }
  const event = { kind: 'boot', how, previousBoot: 'one', causes: [], helped: 'yes' }
  return { [`${STATE}/history.jsonl`]: `${JSON.stringify({ ...stamp, ...event })}\n` }
}

test('a host that has done nothing yet', async () => {
  const host = hostWith({
    'etc/pacman.conf': '[options]\nIgnorePkg = linux kubelet\nIgnoreGroup = x\n',
  })
  const row = await rowOf(host)
  assert.deepEqual(parseRow(Buffer.from(rowText(row)), 'node1'), row)
  const { phase, verdict, causes, health, hold, upgrade, kernel, ignored, ignoredGroups } = row
  assert.deepEqual(
    { phase, verdict, causes, health, hold, upgrade, kernel, ignored, ignoredGroups },
    {
      phase: 'up',
      verdict: 'none',
      causes: [],
      health: null,
      hold: null,
      upgrade: null,
      kernel: '6.9.1-arch1-1',
      ignored: ['linux', 'kubelet'],
      ignoredGroups: ['x'],
    },
  )
})

test('a reboot that is due, the last run that did something, and skips since', async () => {
  const end = {
    job: 'upgrade',
    outcome: 'completed',
    reason: '4 packages',
    problems: [],
    packages: 4,
  }
  const when = { endedAt: '2026-11-26T00:10:00.000Z', bootId: BOOT_ID }
  const skipped = {
    ...end,
    outcome: 'skipped',
    packages: 0,
    ...when,
    skips: 2,
    lastEnd: { ...end, ...when },
  }
  const host = hostWith({
    'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n',
    [`${STATE}/requests.json`]: '{"version":1,"requests":[]}',
    [`${STATE}/run-upgrade.json`]: JSON.stringify({ version: 1, ...skipped }),
  })
  const { verdict, causes, upgrade } = await rowOf(host)
  assert.equal(verdict, 'reboot')
  assert.match(causes.join(), /^kernel 6\.9\.0-arch1-1 is running/)
  assert.deepEqual(upgrade, {
    outcome: 'completed',
    reason: '4 packages',
    packages: 4,
    at: when.endedAt,
    skips: 2,
  })
})

for (const [what, tree, sinceBoot] of [
  ['looked at from the boot on', healthFile({ since: 31_000 }), true],
  ['looked at later, as after an installation', healthFile({ since: 900_000 }), false],
  [
    'looked at later, after a planned reboot',
    { ...healthFile({ since: 900_000 }), ...bootEvent('planned') },
    true,
  ],
  [
    'looked at later, after a power cut',
    { ...healthFile({ since: 900_000 }), ...bootEvent('power-cut') },
    false,
  ],
  ['not readable', { [`${STATE}/health.json`]: '{' }, true],
] as const) {
  test(`a health that is ${what}`, async () => {
    const { health } = await rowOf(hostWith(tree))
    assert.deepEqual([health?.verdict, health?.sinceBoot], ['unhealthy', sinceBoot])
  })
}

test('a host that said that it goes down, and is still up long after, does not', async () => {
  const host = hostWith()
  setGoingDown(host, true)
  assert.equal((await rowOf(host)).phase, 'going-down')
  host.uptime = () => 5000 + 41 * 60
  assert.equal(isGoingDown(host), false)
  host.uptime = () => 5000
  setGoingDown(host, false)
  assert.equal(isGoingDown(host), false)
})

test('a host without a name tells nothing', async () => {
  await assert.rejects(rowOf(hostWith({ 'etc/hostname': '/\n' })), /no name in the fleet/)
})
