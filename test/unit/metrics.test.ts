/** The metrics of facts as literals; where they may be written; what outlives a look. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { test } from 'node:test'
import { readBootClock } from '../../src/host/boot-clock.ts'
import { Host } from '../../src/host/host.ts'
import { refuseDirectory } from '../../src/host/trusted-directory.ts'
import { sinceAsked } from '../../src/kubernetes/asked.ts'
import { collectDatabases } from '../../src/metrics/databases.ts'
import { collectDueSince } from '../../src/metrics/due.ts'
import { renderFamilies } from '../../src/metrics/exposition.ts'
import type { CheckFacts, MetricFacts } from '../../src/metrics/facts.ts'
import { metricFamilies } from '../../src/metrics/families.ts'
import type { RunRecord } from '../../src/record/run-record.ts'
import type { Finding } from '../../src/sentinel/finding.ts'
import { BOOT_ID, hostTree } from '../fixture/host.ts'
import { IS_ROOT } from '../fixture/program.ts'
import { makeTree } from '../fixture/tree.ts'

const NOW = Date.UTC(2026, 10, 27, 12)
const now = { bootId: BOOT_ID, uptime: 5_000_000, wall: NOW }
const BARE: MetricFacts = { now, readable: {}, databaseAge: 604_800_000 }

const text = (facts: Partial<MetricFacts>) =>
  renderFamilies(metricFamilies({ ...BARE, ...facts }, '1.2.3'))

/** The samples, without the prefix. */
const samples = (facts: Partial<MetricFacts>) =>
  text(facts)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace('kured_sentinel_', ''))

const KERNEL: Finding = {
  kind: 'kernel',
  effect: 'reboot',
  message: 'kernel 6.18.44 runs',
  running: '6.18.44',
  installed: '6.18.45',
}

const report = (more: Partial<CheckFacts>): CheckFacts => ({
  verdict: 'none',
  reasons: [],
  ignored: [],
  durationMs: 1500,
  ...more,
})

test('what was not looked at, or could not be seen, has no metric but that', () => {
  assert.deepEqual(samples({ readable: { hold: false, health: true } }), [
    'build_info{version="1.2.3"} 1',
    'metrics_timestamp_seconds 1795780800',
    'boot_timestamp_seconds 1795775800',
    'fact_readable{fact="hold"} 0',
    'fact_readable{fact="health"} 1',
  ])
})

test('a check that fails is what Kured is told: attention', () => {
  for (const readable of [{ check: false }, { configuration: false }]) {
    assert.ok(samples({ readable }).includes('verdict{verdict="attention"} 1'))
  }
})

test('a held reboot is due, and since when', () => {
  const check = report({
    reasons: [{ kind: 'hold', effect: 'held', message: 'held for 1h more: a disk' }],
    ignored: [{ ...KERNEL, why: 'held' }],
  })
  const dueSince = new Map([['kernel', NOW - 60_000]] as const)
  const seen = samples({ check, dueSince, hold: { until: NOW + 3_600_000 } })
  for (const sample of [
    'verdict{verdict="none"} 1',
    'verdict{verdict="reboot"} 0',
    'verdict_reasons{kind="hold"} 1',
    'reboot_due 1',
    'reboot_due_since_timestamp_seconds{cause="kernel"} 1795780740',
    'reboot_useless 0',
    'kernel_info{running="6.18.44",installed="6.18.45"} 1',
    'check_duration_seconds 1.5',
    'hold 1',
    'hold_end_timestamp_seconds 1795784400',
  ]) {
    assert.ok(seen.includes(sample), `${sample}\n${seen.join('\n')}`)
  }
})

test('a reboot that did not help is told apart from one that was just asked for', () => {
  const asked = (askedIn: string) =>
    samples({ check: report({ reasons: [{ ...KERNEL, effect: 'attention', askedIn }] }) })
  assert.ok(asked('another boot').includes('reboot_useless 1'))
  assert.ok(asked(BOOT_ID).includes('reboot_useless 0'))
})

const run = (more: Partial<RunRecord>): RunRecord => ({
  job: 'upgrade',
  outcome: 'completed',
  reason: '',
  problems: [],
  packages: 4,
  endedAt: '2026-11-27T00:36:00.000Z',
  bootId: BOOT_ID,
  ...more,
})

test('of a run that did nothing, what the run before it left', () => {
  const { lastEnd: _, ...lastEnd } = run({ problems: ['a hook failed'] })
  const skipped = run({
    outcome: 'skipped',
    packages: 0,
    skips: 2,
    endedAt: '2026-11-28T00:36:00.000Z',
    lastEnd,
  })
  const seen = samples({ upgrade: { job: 'upgrade', isTimed: true, run: skipped } })
  for (const sample of [
    'task_timer_enabled{task="upgrade"} 1',
    'task_last_outcome{task="upgrade",outcome="skipped"} 1',
    'task_last_outcome{task="upgrade",outcome="completed"} 0',
    'task_last_end_timestamp_seconds{task="upgrade"} 1795826160',
    'task_last_success_timestamp_seconds{task="upgrade"} 1795739760',
    'task_last_packages{task="upgrade"} 0',
    'task_last_problems{task="upgrade"} 1',
    'task_skips_in_a_row{task="upgrade"} 2',
  ]) {
    assert.ok(seen.includes(sample), `${sample}\n${seen.join('\n')}`)
  }
  const repaired = run({ outcome: 'interrupted', repaired: true })
  const told = samples({ upgrade: { job: 'upgrade', isTimed: false, run: repaired } })
  assert.ok(told.includes('task_last_outcome{task="upgrade",outcome="repaired"} 1'))
  assert.ok(told.includes('task_last_outcome{task="upgrade",outcome="interrupted"} 0'))
  assert.ok(!told.some((line) => line.startsWith('task_last_success')), 'there was none')
})

test('a record whose time is none has no time, and no NaN', () => {
  const seen = text({ upgrade: { job: 'upgrade', isTimed: true, run: run({ endedAt: 'late' }) } })
  assert.doesNotMatch(seen, /NaN|last_end_timestamp/)
})

test('counters begin at 0, and are not there where the history cannot be read', () => {
  const seen = samples({ history: { counts: { 'boot power-cut': 3 }, unreadable: 1 } })
  assert.ok(seen.includes('boots_total{how="power-cut"} 3'))
  assert.ok(seen.includes('boots_total{how="planned"} 0'))
  assert.ok(seen.includes('useless_reboots_total 0'))
  assert.ok(seen.includes('history_unreadable_lines 1'))
  assert.ok(!samples({}).some((line) => line.includes('_total')))
})

test('a label is what Prometheus reads, whatever a package calls its kernel', () => {
  const check = report({ ignored: [{ ...KERNEL, installed: '6"\\\n\u001b[31m' }] })
  assert.match(text({ check }), /,installed="6\\"\\\\\ufffd\ufffd\[31m"\} 1\n/)
})

test('each has a help text, a unit in its name, and no label that grows', () => {
  const all = metricFamilies(
    { ...BARE, asked: { at: NOW }, history: { counts: {}, unreadable: 0 }, check: report({}) },
    '1',
  )
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
  for (const { name, type, help, samples: given } of all) {
    assert.match(help, /^[A-Z].*\.$/, name)
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    for (const { labels = {} } of given) {
      for (const label of Object.keys(labels)) {
        assert.match(
          label,
          /^(version|fact|verdict|kind|cause|task|outcome|how|ending|state|running|installed)$/,
        )
      }
    }
  }
})

test('a cause is due since it was first seen; a clock that is set moves nothing', () => {
  const root = makeTree(hostTree())
  const host = new Host(root)
  const due = report({
    verdict: 'reboot',
    reasons: [{ kind: 'library', effect: 'reboot', message: '' }],
  })
  const since = (uptime: number, wall: number, keeps = true) =>
    collectDueSince(host, due, { ...now, uptime, wall }, keeps).get('library')
  assert.equal(since(1000, NOW, false), NOW)
  assert.equal(since(2000, NOW), NOW, 'a look that keeps nothing is no first look')
  assert.equal(since(62_000, NOW + 60_000), NOW)
  assert.equal(since(62_000, NOW + 60_000 + 86_400_000), NOW + 86_400_000)
  collectDueSince(host, report({}), now, true)
  assert.equal(since(90_000, NOW), NOW, 'gone and back again')
  writeFileSync(host.path('/run/kured-sentinel/due.json'), '{"library":"x"')
  assert.equal(since(95_000, NOW), NOW, 'a damaged file')
})

test('a kernel is due since pacman has installed it, if that was in this boot', () => {
  const host = new Host(makeTree(hostTree()))
  const since = (installedAt: number) =>
    collectDueSince(
      host,
      report({ reasons: [{ ...KERNEL, installedAt: String(installedAt / 1000) }] }),
      now,
      false,
    ).get('kernel')
  assert.equal(since(NOW - 60_000), NOW - 60_000)
  assert.equal(since(NOW - 6_000_000), NOW, 'before the boot')
  assert.equal(since(NOW + 60_000), NOW, 'in the future')
})

test('when Kured last asked, by the uptime', () => {
  const asked = (content: string) =>
    sinceAsked(new Host(makeTree(hostTree({ 'run/kured-sentinel/asked': content }))))
  assert.equal(asked('4990.00\n'), 10_000)
  for (const content of ['5000.50\n', '']) {
    assert.throws(() => asked(content), /asked has no time of this boot/)
  }
  assert.equal(sinceAsked(new Host(makeTree(hostTree()))), undefined)
  assert.equal(readBootClock(new Host(makeTree(hostTree()))).uptime, 5_000_000)
})

const directories = () => {
  const root = makeTree({ 'srv/metrics': { directory: true }, 'srv/link': { link: 'metrics' } })
  return { host: new Host(root), at: (path: string) => `${root}${path}` }
}

test('a directory that others can write, or put another into its place, is refused', () => {
  const { host, at } = directories()
  const refused = (path = '/srv/metrics') => refuseDirectory(host, path)
  assert.equal(refused(), undefined)
  assert.match(refused('/srv/none') ?? '', /none is missing: make it/)
  assert.match(refused('/srv/link') ?? '', /link is a link/)
  for (const mode of [0o777, 0o1777, 0o757]) {
    chmodSync(at('/srv/metrics'), mode)
    assert.match(refused() ?? '', /metrics can be written by other users: chmod go-w/, String(mode))
  }
  chmodSync(at('/srv/metrics'), 0o755)
  chmodSync(at('/srv'), 0o1777)
  assert.match(refused() ?? '', /\/srv can be written by other users/, 'also with a sticky bit')
  chmodSync(at('/srv'), 0o755)
  writeFileSync(at('/srv/file'), '')
  assert.match(refused('/srv/file') ?? '', /file is no directory/)
})

test(
  'a directory of another user, or of a group that may write, is refused',
  { skip: !IS_ROOT && 'only root gives files away' },
  () => {
    const { host, at } = directories()
    chownSync(at('/srv/metrics'), 1000, 0)
    assert.match(refuseDirectory(host, '/srv/metrics') ?? '', /belongs to user 1000, .*chown root/)
    chownSync(at('/srv/metrics'), 0, 1000)
    chmodSync(at('/srv/metrics'), 0o775)
    assert.match(refuseDirectory(host, '/srv/metrics') ?? '', /can be written by other users/)
    chownSync(at('/srv/metrics'), 0, 0)
    assert.equal(refuseDirectory(host, '/srv/metrics'), undefined, 'root’s own group')
  },
)

test('a link at the file’s name is replaced and not followed', () => {
  const root = makeTree({ 'srv/kured_sentinel.prom': { link: '../victim' }, victim: 'mine' })
  new Host(root).write('/srv/kured_sentinel.prom', 'metrics', 0o644)
  assert.equal(readFileSync(`${root}/victim`, 'utf8'), 'mine')
  const { mode } = lstatSync(`${root}/srv/kured_sentinel.prom`)
  assert.equal(mode & 0o170_777, 0o100_644)
})

const DATABASE = '/var/lib/pacman/sync/core.db'

function hostWithDatabase() {
  const modified = new Date('2026-11-20T00:00:00Z')
  const root = makeTree(
    hostTree({
      'etc/pacman.conf': '[options]\n[core]\nServer = file:///srv\n',
      [DATABASE.slice(1)]: { content: '', modified },
    }),
  )
  const host = new Host(root)
  return { host, newest: async () => (await collectDatabases(host, true)).facts?.newest, modified }
}

test('the databases are looked at again where what they are judged by has changed', async () => {
  const { host, newest, modified } = hostWithDatabase()
  assert.equal(await newest(), modified.getTime())
  utimesSync(host.path(DATABASE), NOW / 1000, NOW / 1000)
  assert.equal(await newest(), modified.getTime(), 'a server is not asked each time')
  mkdirSync(host.path('/var/lib/pacman/local/new-1-1'))
  assert.equal(await newest(), NOW)
})

test('what was seen of the databases stands while pacman works, or they cannot be seen', async () => {
  const { host, newest, modified } = hostWithDatabase()
  writeFileSync(host.path('/var/lib/pacman/db.lck'), '')
  assert.deepEqual(await collectDatabases(host, true), {})
  rmSync(host.path('/var/lib/pacman/db.lck'))
  await newest()
  mkdirSync(host.path('/var/lib/pacman/local/new-1-1'))
  rmSync(host.path(DATABASE))
  const { facts, problem } = await collectDatabases(host, true)
  assert.equal(facts?.newest, modified.getTime())
  assert.match(String(problem), /sync databases of .* cannot be copied \(/)
  rmSync(host.path('/etc/pacman.conf'))
  await assert.rejects(collectDatabases(host, true), /pacman\.conf/)
})

test('without a repository there is nothing to be old', async () => {
  assert.deepEqual(await collectDatabases(new Host(makeTree(hostTree())), true), {})
})
