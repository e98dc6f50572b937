import assert from 'node:assert/strict'
import { chmodSync, chownSync, existsSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULTS } from '../../src/config/config.ts'
import { toBaseline, type Baseline } from '../../src/health/baseline.ts'
import { judgeNodeReady } from '../../src/health/node-ready.ts'
import { HEALTH_DIRECTORY, runHealthPrograms } from '../../src/health/programs.ts'
import {
  readHealth,
  readUnhealthy,
  UNHEALTHY_FILE,
  writeHealth,
  type Health,
  type HealthVerdict,
} from '../../src/health/state.ts'
import { judgeUnits } from '../../src/health/units.ts'
import { type HealthView, watchHealth } from '../../src/health/watch.ts'
import { Host } from '../../src/host/host.ts'
import { notYetHealthy } from '../../src/reboot/health.ts'
import { type LoadedUnit, parseLoadedUnits } from '../../src/systemd/loaded-units.ts'
import { BOOT_ID, hostTree } from '../fixture/host.ts'
import { IS_ROOT } from '../fixture/program.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const hostWith = (more: Tree = {}) => new Host(makeTree(hostTree(more)))

function unit(name: string, more: Partial<LoadedUnit> = {}): LoadedUnit {
  return {
    name,
    names: [name],
    activeState: 'active',
    subState: 'running',
    hasFile: true,
    enabled: 'enabled',
    wants: [],
    conditionsMet: true,
    triggeredBy: [],
    hasJob: false,
    restarts: 0,
    ...more,
  }
}

const BEFORE: Baseline = { bootId: 'one', active: ['a.service'], failed: ['old.service'] }

function reasons(units: LoadedUnit[], before: Baseline | undefined = BEFORE, earlier = {}) {
  const healthUnits = ['kubelet']
  return judgeUnits(units, before, { healthUnits }, earlier).reasons
}

const inactive = { activeState: 'inactive', subState: 'dead' } as const
const failed = { activeState: 'failed', subState: 'failed' } as const

for (const [what, units, expected] of [
  ['up again', [unit('a.service')], []],
  ['reloading', [unit('a.service', { activeState: 'reloading' })], []],
  ['under another name', [unit('b.service', { names: ['b.service', 'a.service'] })], []],
  ['gone', [], ['a.service was active before the reboot, and is gone']],
  ['failed', [unit('a.service', failed)], ['a.service has failed']],
  [
    'inactive',
    [unit('a.service', inactive)],
    ['a.service was active before the reboot, and is inactive'],
  ],
  [
    'starting, again and again',
    [unit('a.service', { activeState: 'activating', subState: 'auto-restart' })],
    ['a.service is activating (auto-restart)'],
  ],
  [
    'queued',
    [unit('a.service', { ...inactive, hasJob: true })],
    ['a.service has not been started yet'],
  ],
  ['not needed by this boot', [unit('a.service', { ...inactive, conditionsMet: false })], []],
  [
    'started on demand',
    [unit('a.service', { ...inactive, triggeredBy: ['a.socket'] }), unit('a.socket')],
    [],
  ],
  [
    'started on demand by what is down itself',
    [unit('a.service', { ...inactive, triggeredBy: ['a.socket'] }), unit('a.socket', inactive)],
    ['a.service was active before the reboot, and is inactive'],
  ],
  ['another has failed', [unit('a.service'), unit('b.service', failed)], ['b.service has failed']],
  ['one that had failed before', [unit('a.service'), unit('old.service', failed)], []],
  [
    'a unit of a person’s systemd-run',
    [unit('a.service'), unit('run-1.service', { ...failed, hasFile: false })],
    [],
  ],
  ['our own job', [unit('a.service'), unit('pacman-upgrade.service', failed)], []],
  [
    'an enabled kubelet is down',
    [unit('a.service'), unit('kubelet.service', inactive)],
    ['kubelet.service is inactive (dead)'],
  ],
  [
    'a kubelet that is not enabled is down',
    [unit('a.service'), unit('kubelet.service', { ...inactive, enabled: 'disabled' })],
    [],
  ],
] as const) {
  test(`a unit after the boot: ${what}`, () => {
    assert.deepEqual(reasons([...units]), expected)
  })
}

test('after a boot that nobody planned only what must run counts', () => {
  const units = [unit('b.service', failed), unit('kubelet.service', failed)]
  const { reasons: said } = judgeUnits(units, undefined, { healthUnits: ['kubelet.service'] }, {})
  assert.deepEqual(said, ['kubelet.service has failed'])
})

test('a service that restarts between two looks is not well, also if it is up at both', () => {
  const before = judgeUnits([unit('a.service', { restarts: 2 })], BEFORE, DEFAULTS, {})
  assert.deepEqual(before.reasons, [])
  const again = (restarts: number) =>
    reasons([unit('a.service', { restarts })], BEFORE, before.restarts)
  assert.deepEqual(again(3), ['a.service ends soon after each start'])
  assert.deepEqual(again(2), [])
  assert.deepEqual(again(0), [], 'a person has started it anew')
})

test('what a boot starts: by the default target, and not by a timer or a person', () => {
  const { active, failed: down } = toBaseline([
    unit('multi-user.target', {
      names: ['multi-user.target', 'default.target'],
      wants: ['a.service', 'down.service', 'data.mount', 'missing.service', 'basic.target'],
    }),
    unit('basic.target', { wants: ['multi-user.target'] }),
    unit('a.service', { wants: ['needed.service'] }),
    unit('needed.service'),
    unit('down.service', failed),
    unit('data.mount', { hasFile: false }),
    unit('job.service', { wants: ['network-online.target'] }),
    unit('network-online.target', { wants: ['wait-online.service'] }),
    unit('wait-online.service'),
  ])
  assert.deepEqual(active, ['multi-user.target', 'basic.target', 'a.service', 'needed.service'])
  assert.deepEqual(down, ['down.service'])
})

test('systemctl’s properties of units (systemd 257)', () => {
  const output = `Type=simple
NRestarts=3
Id=a.service
Names=a.service b.service
Requires=sysinit.target
Wants=c.service d.service
BindsTo=
Upholds=
TriggeredBy=a.socket
ActiveState=active
SubState=running
FragmentPath=/usr/lib/systemd/system/a.service
SourcePath=
UnitFileState=enabled
Job=0
ConditionResult=yes
AssertResult=yes
ConditionTimestampMonotonic=100
Transient=no

Id=ldconfig.service
Names=ldconfig.service
ActiveState=inactive
SubState=dead
FragmentPath=/usr/lib/systemd/system/ldconfig.service
UnitFileState=static
ConditionResult=no
AssertResult=yes
ConditionTimestampMonotonic=100
Transient=no

Id=never.service
Names=never.service
ActiveState=inactive
ConditionResult=no
AssertResult=no
ConditionTimestampMonotonic=0
Job=17
Transient=yes
`
  const [a, ldconfig, never] = parseLoadedUnits(output)
  assert.deepEqual(
    a,
    unit('a.service', {
      names: ['a.service', 'b.service'],
      wants: ['sysinit.target', 'c.service', 'd.service'],
      triggeredBy: ['a.socket'],
      restarts: 3,
    }),
  )
  assert.equal(ldconfig?.conditionsMet, false)
  assert.deepEqual([never?.conditionsMet, never?.hasJob, never?.hasFile], [true, true, false])
})

test('a unit whose name has an escaped dash is known by all its names', () => {
  // As systemd 257 prints them: Id= as it is, lists in quotes.
  const output = String.raw`
Id=default.target
Names=default.target
Wants=a.service "var-cache-kured\\x2dsentinel-fleet.mount"
ActiveState=active
FragmentPath=/usr/lib/systemd/system/default.target

Id=var-cache-kured\x2dsentinel-fleet.mount
Names="var-cache-kured\\x2dsentinel-fleet.mount"
ActiveState=active
FragmentPath=/etc/systemd/system/var-cache-kured\x2dsentinel-fleet.mount
`
  const units = parseLoadedUnits(output)
  const name = String.raw`var-cache-kured\x2dsentinel-fleet.mount`
  assert.deepEqual(units[1]?.names, [name])
  const before = { bootId: 'before', ...toBaseline(units) }
  assert.ok(before.active.includes(name))
  assert.deepEqual(judgeUnits(units, before, { healthUnits: [] }, {}).reasons, [])
})

const node = (status: string, message = '') => ({
  status: {
    conditions: [
      { type: 'MemoryPressure', status: 'False' },
      { type: 'Ready', status, message },
    ],
  },
})

for (const [what, answer, expected] of [
  ['True', node('True'), { state: 'ready' }],
  ['False', node('False', 'CNI is not there'), { state: 'not-ready', why: 'CNI is not there' }],
  ['Unknown', node('Unknown'), { state: 'unknown', why: 'the API does not know' }],
  ['none', { status: {} }, { state: 'unknown', why: 'the API does not know' }],
  ['nonsense', [7], { state: 'unknown', why: 'the API does not know' }],
] as const) {
  test(`the node’s Ready condition: ${what}`, () => {
    assert.deepEqual(judgeNodeReady(answer), expected)
  })
}

test(
  'the administrator’s own checks: run as they are, each within its time',
  { skip: IS_ROOT ? false : 'a check must belong to root' },
  async () => {
    const directory = HEALTH_DIRECTORY.slice(1)
    const scripts = {
      '10-well': '#!/bin/sh\n',
      '20-says': '#!/bin/sh\necho first; echo second; exit 3\n',
      '30-stderr': '#!/bin/sh\necho only here >&2; exit 1\n',
      '40-silent': '#!/bin/sh\nexit 4\n',
      '50-hangs': '#!/bin/sh\nexec sleep 60\n',
      '60-talks': '#!/bin/sh\nexec yes\n',
      '70-foreign': '#!/bin/sh\n',
      '80-open': '#!/bin/sh\n',
      '90-off': '#!/bin/sh\nexit 1\n',
      '.hidden': '#!/bin/sh\nexit 1\n',
    }
    const tree = Object.entries(scripts).map(([name, text]) => [`${directory}/${name}`, text])
    const host = hostWith({ ...Object.fromEntries(tree), [`${directory}/sub/x`]: '' })
    const path = (name: string) => host.path(`${HEALTH_DIRECTORY}/${name}`)
    for (const name of Object.keys(scripts)) chmodSync(path(name), 0o755)
    chmodSync(path('90-off'), 0o644)
    chmodSync(path('80-open'), 0o775)
    chownSync(path('70-foreign'), 1234, 0)
    const said = await runHealthPrograms(host, 1000)
    assert.deepEqual(
      said.map((line) => line.replace(`${HEALTH_DIRECTORY}/`, '')),
      [
        '20-says: first',
        '30-stderr: only here',
        '40-silent: exit 4',
        '50-hangs: no answer within 1 s',
        `60-talks: ${said[4]?.split(': ').slice(1).join(': ')}`,
        '70-foreign: not run, because not only root can write to it',
        '80-open: not run, because not only root can write to it',
      ],
    )
    assert.deepEqual(await runHealthPrograms(hostWith(), 1000), [])
  },
)

const health = (verdict: HealthVerdict, reasonsOf: string[] = [], since = 0): Health => {
  return { bootId: BOOT_ID, verdict, reasons: reasonsOf, since }
}

test('the health is that of this boot; unhealthy, the check is told, and no longer when it is mended', () => {
  const host = hostWith()
  assert.deepEqual([readHealth(host), readUnhealthy(host)], [undefined, []])
  writeHealth(host, health('unhealthy', ['a has failed']))
  assert.deepEqual(readHealth(host), health('unhealthy', ['a has failed']))
  assert.deepEqual(readUnhealthy(host), ['a has failed'])
  writeHealth(host, health('healthy'))
  assert.deepEqual(readUnhealthy(host), [])
  assert.equal(existsSync(host.path(UNHEALTHY_FILE)), false)
  writeHealth(host, { ...health('unhealthy', ['a']), bootId: 'another' })
  assert.equal(readHealth(host), undefined)
})

for (const text of ['', '[]', 'garbage', '{"reasons":1}']) {
  test(`a damaged word to the check counts as unhealthy: ${JSON.stringify(text)}`, () => {
    const host = hostWith({ [UNHEALTHY_FILE.slice(1)]: text })
    assert.deepEqual(readUnhealthy(host), [`${UNHEALTHY_FILE} cannot be read`])
  })
}

test('a damaged state of the health is an error', () => {
  const file = 'var/lib/kured-sentinel/health.json'
  for (const text of [
    '{"version":1}',
    '{"version":1,"bootId":"x","verdict":"fine","reasons":[],"since":1}',
  ]) {
    assert.throws(() => readHealth(hostWith({ [file]: text })), /health\.json is damaged/)
  }
})

const MIN = 60_000
const TIMES = {
  healthAfter: 2 * MIN,
  healthEvery: MIN / 2,
  healthStable: MIN,
  healthLimit: 10 * MIN,
}

/** Watches a node of which only the reasons at each look are given, the last one for ever. */
async function watchOver(looks: string[][], known?: Health, acceptAt = Infinity) {
  let clock = 30_000
  let count = 0
  let state = known
  const told: string[] = []
  const view: HealthView = {
    uptime: () => clock,
    look: () => {
      const seen = looks[Math.min(count++, looks.length - 1)] ?? []
      if (count >= acceptAt) state = health('accepted')
      if (count > 500) throw new Error('it looks for ever')
      return Promise.resolve({ reasons: seen, unknown: [], restarts: {} })
    },
    pause: (ms) => {
      clock += ms
      return Promise.resolve()
    },
    read: () => state,
    write: (verdict, of) => {
      state = health(verdict, of)
      told.push(`${Math.round(clock / 1000)} ${[verdict, ...of].join(' ')}`)
    },
  }
  const verdict = await watchHealth(view, TIMES)
  return { verdict, told, end: clock / 1000, count }
}

const many = (count: number, ...of: string[]) => Array.from({ length: count }, () => of)

test('a node that is well: healthy a minute after the first look', async () => {
  const { verdict, told } = await watchOver([[]])
  assert.deepEqual([verdict, told], ['healthy', ['30 pending', '180 healthy']])
})

test('a node that takes its time: the minute begins when all is well', async () => {
  const { told } = await watchOver([...many(4, 'a'), []])
  assert.deepEqual(told, ['30 pending', '120 pending a', '300 healthy'])
})

test('a node that does not come up: unhealthy at the limit, and healthy once it is mended', async () => {
  const { told } = await watchOver([...many(30, 'a'), []])
  assert.deepEqual(told, ['30 pending', '120 pending a', '720 unhealthy a', '1080 healthy'])
})

test('a node that is well and unwell in turn is not healthy', async () => {
  const looks = Array.from({ length: 60 }, (_, nth) => (nth % 2 === 0 ? [] : ['a']))
  const { told } = await watchOver([...looks, []])
  assert.equal(
    told.find((line) => line.includes('unhealthy')),
    '750 unhealthy a',
  )
})

test('a person’s word ends it, and an earlier verdict of the boot stays', async () => {
  assert.equal((await watchOver([['a']], undefined, 40)).verdict, 'accepted')
  assert.deepEqual((await watchOver([['a']], health('healthy'))).told, [])
  const again = await watchOver([['a'], []], health('unhealthy', ['a']))
  assert.deepEqual(again.told, ['210 healthy'], 'a new run does not make it pending')
})

test('whatever it sees: pending becomes healthy only after a minute without a reason', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (well) => {
      const looks = well.map((one) => (one ? [] : ['a']))
      const { told, count } = await watchOver([...looks, []])
      const last = looks.findLastIndex((one) => one.length > 0)
      assert.ok(count >= Math.min(3, last + 4))
      assert.match(told.at(-1) ?? '', /healthy$/)
      const late = looks.findIndex((one, nth) => nth >= 20 && one.length > 0)
      const isHealthyBefore = looks.some(
        (_, nth) => nth >= 2 && [0, 1, 2].every((back) => looks[nth - back]?.length === 0),
      )
      const expected = late >= 0 && !isHealthyBefore
      if (expected) assert.ok(told.some((line) => line.includes('unhealthy')))
    }),
  )
})

const clock = (uptime: number) => ({ bootId: BOOT_ID, uptime, wall: 0 })
const state = (name: string, content: object): Tree => ({
  [`var/lib/kured-sentinel/${name}.json`]: JSON.stringify({ version: 1, ...content }),
})
const baseline = (bootId: string) => state('before-reboot', { bootId, active: [], failed: [] })

for (const [what, tree, uptime, effects] of [
  ['nobody looks, and no reboot was planned', {}, 1000, []],
  ['after a planned reboot, before anybody looks', baseline('other'), 60_000, ['held']],
  ['after a planned reboot, where nobody looks', baseline('other'), 10 * MIN, []],
  ['a gate of this boot', baseline(BOOT_ID), 1000, []],
  ['it is being looked at', state('health', health('pending')), 5 * MIN, ['held']],
  ['looked at long after the boot', state('health', health('pending', [], 60 * MIN)), 61 * MIN, []],
  [
    'looked at after a planned reboot, by a wrong uptime',
    { ...baseline('other'), ...state('health', health('pending', [], 60 * MIN)) },
    61 * MIN,
    ['held'],
  ],
  ['whoever looked has gone', state('health', health('pending')), 20 * MIN, ['attention']],
  ['healthy', state('health', health('healthy')), 5 * MIN, []],
  ['accepted', state('health', health('accepted', ['a'])), 5 * MIN, []],
  [
    'unhealthy',
    state('health', health('unhealthy', ['a', 'b'])),
    5 * MIN,
    ['attention', 'attention'],
  ],
] as const) {
  test(`a reboot that is due, and the health: ${what}`, () => {
    const found = notYetHealthy(hostWith(tree), DEFAULTS, clock(uptime))
    assert.deepEqual(
      found.map(({ effect }) => effect),
      effects,
    )
  })
}
