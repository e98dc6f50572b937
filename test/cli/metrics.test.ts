/** `metrics` on a host's files: printed, written for node_exporter, refused. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostTree } from '../fixture/host.ts'
import { asKured, IS_ROOT, run } from '../fixture/program.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const DUE = { 'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n' }
const hostWith = (more: Tree = {}) =>
  makeTree(hostTree({ ...DUE, 'srv/metrics': { directory: true }, ...more }))
const FILE = 'srv/metrics/kured_sentinel.prom'
const write = (root: string, directory = '/srv/metrics') =>
  run(['metrics', '--root', root, '--textfile', directory])
const sample = (root: string, name: string) =>
  new RegExp(`^kured_sentinel_${name} (.*)$`, 'm').exec(readFileSync(join(root, FILE), 'utf8'))?.[1]

test('printed, it writes nothing', () => {
  const root = hostWith()
  const { code, stdout, stderr } = run(['metrics', '--root', root])
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^kured_sentinel_verdict\{verdict="reboot"\} 1$/m)
  assert.match(
    stdout,
    /^kured_sentinel_kernel_info\{running="6.9.0-arch1-1",installed="6.9.1-arch1-1"\} 1$/m,
  )
  for (const path of ['run', 'var/lib/kured-sentinel'])
    assert.equal(existsSync(join(root, path)), false)
})

test('written: whole, for everybody to read, without leftovers, and over what was there', () => {
  const root = hostWith({ victim: 'mine' })
  symlinkSync('../../victim', join(root, FILE))
  for (let times = 0; times < 2; times++) {
    assert.deepEqual([write(root).code, write(root).stdout], [0, ''])
  }
  assert.equal(readFileSync(join(root, 'victim'), 'utf8'), 'mine')
  assert.equal(lstatSync(join(root, FILE)).mode & 0o170_777, 0o100_644)
  assert.deepEqual(readdirSync(join(root, 'srv/metrics')), ['kured_sentinel.prom'])
  assert.ok(readFileSync(join(root, FILE), 'utf8').endsWith('\n'))
  assert.equal(sample(root, 'upgrades_total{outcome="completed"}'), '0')
})

test('it tells what has happened, and never answers Kured', () => {
  const root = hostWith()
  assert.equal(asKured(['--root', root]).code, 0)
  assert.equal(run(['hold', '--for', '1h', '--reason', 'a disk', '--root', root]).code, 0)
  assert.equal(write(root).code, 0)
  assert.equal(sample(root, 'reboot_requests_total'), '1')
  assert.equal(sample(root, 'boots_total{how="unknown"}'), '1')
  assert.equal(sample(root, 'hold'), '1')
  assert.equal(sample(root, 'reboot_due'), '1')
  assert.equal(sample(root, 'verdict{verdict="none"}'), '1')
  const since = sample(root, 'reboot_due_since_timestamp_seconds{cause="kernel"}')
  assert.equal(write(root).code, 0)
  const later = sample(root, 'reboot_due_since_timestamp_seconds{cause="kernel"}')
  assert.ok(Math.abs(Number(later) - Number(since)) < 60, `${since}, ${later}`)
  assert.equal(asKured(['metrics', '--root', root]).code, 2)
})

test('what cannot be seen is told as that, on stderr too, and hides nothing else', () => {
  const root = hostWith({
    'var/lib/kured-sentinel/hold.json': 'garbage',
    'var/lib/kured-sentinel/history.jsonl': { directory: true },
  })
  const { code, stderr } = write(root)
  assert.equal(code, 0)
  assert.match(stderr, /^not seen: hold: .*hold\.json cannot be read/m)
  assert.equal(sample(root, 'fact_readable{fact="hold"}'), '0')
  assert.equal(sample(root, 'hold'), undefined)
  assert.equal(sample(root, 'fact_readable{fact="history"}'), '0')
  assert.equal(sample(root, 'boots_total{how="planned"}'), undefined)
  assert.equal(sample(root, 'fact_readable{fact="health"}'), '1')
})

test('a wrong configuration is attention, as to Kured', () => {
  const root = hostWith({ 'etc/kured-sentinel.conf': '[check]\nnonsense = 1\n' })
  assert.equal(write(root).code, 0)
  assert.equal(sample(root, 'verdict{verdict="attention"}'), '1')
  assert.equal(sample(root, 'fact_readable{fact="configuration"}'), '0')
})

test('a directory that anybody can write, that is missing or a link, gets no file', () => {
  const root = hostWith({ 'srv/link': { link: 'metrics' } })
  chmodSync(join(root, 'srv/metrics'), 0o1777)
  for (const [directory, why] of [
    ['/srv/metrics', /no metrics are written: .*can be written by other users: chmod go-w/],
    ['/srv/link', /is a link/],
    ['/srv/none', /is missing: make it, as root, with mode 755/],
    ['srv/metrics', /--textfile 'srv\/metrics' is not an absolute path/],
    ['', /--textfile '' is empty/],
    ['/srv/a"b', /contains a quote/],
  ] as const) {
    const { code, stderr } = write(root, directory)
    assert.equal(code, 2, directory)
    assert.match(stderr, why)
  }
  assert.deepEqual(readdirSync(join(root, 'srv/metrics')), [])
})

test('in another directory from now on: the old file goes', () => {
  const root = hostWith({ 'srv/other': { directory: true } })
  assert.equal(write(root).code, 0)
  assert.equal(write(root, '/srv/other/').code, 0)
  assert.deepEqual(readdirSync(join(root, 'srv/metrics')), [])
  assert.deepEqual(readdirSync(join(root, 'srv/other')), ['kured_sentinel.prom'])
})

test('units remove takes the file along, and what was noted of it', () => {
  const root = hostWith()
  const units = (...words: string[]) => run(['units', ...words, '--root', root])
  assert.equal(units('install', '--local', '--metrics', '/srv/metrics').code, 0)
  assert.equal(write(root).code, 0)
  writeFileSync(join(root, 'srv/metrics/other.prom'), '')
  assert.match(
    units('remove', '--dry-run').stdout,
    /\/srv\/metrics\/kured_sentinel\.prom would be removed/,
  )
  assert.ok(existsSync(join(root, FILE)))
  assert.match(units('remove').stdout, /kured_sentinel\.prom removed/)
  assert.deepEqual(readdirSync(join(root, 'srv/metrics')), ['other.prom'])
  assert.deepEqual(readdirSync(join(root, 'etc/systemd/system')), [])
  assert.equal(existsSync(join(root, 'var/lib/kured-sentinel/metrics.json')), false)
  assert.match(units('remove').stdout, /nothing to do/)
})

test('units install warns of a directory in which nothing will be written', () => {
  const root = hostWith()
  chmodSync(join(root, 'srv/metrics'), 0o777)
  const { code, stderr } = run([
    'units',
    'install',
    '--local',
    '--metrics',
    '/srv/metrics',
    '--root',
    root,
  ])
  assert.equal(code, 0)
  assert.match(stderr, /warning: no metrics will be written: .*can be written by other users/)
})

test('an ordinary user is told that only root sees it all', () => {
  const through = IS_ROOT ? ['/usr/bin/setpriv', '--reuid=65534', '--clear-groups'] : []
  const { code, stderr } = run(['metrics'], { through })
  assert.deepEqual([code, /needs root/.test(stderr)], [2, true], stderr)
})

for (const [what, state] of [
  ['torn', '{"version": 1, "fi'],
  ['of a newer program', '{"version": 2}'],
] as const) {
  test(`a note of the file that is ${what} is written anew, and keeps nothing from being removed`, () => {
    const root = hostWith({ 'var/lib/kured-sentinel/metrics.json': state })
    assert.deepEqual([write(root).code, write(root).stderr], [0, ''])
    assert.match(readFileSync(join(root, 'var/lib/kured-sentinel/metrics.json'), 'utf8'), /\/srv/)
    const options = ['--root', root, '--local', '--metrics', '/srv/metrics']
    assert.equal(run(['units', 'install', ...options]).code, 0)
    writeFileSync(join(root, 'var/lib/kured-sentinel/metrics.json'), state)
    assert.equal(run(['units', 'remove', '--root', root]).code, 0)
    assert.equal(existsSync(join(root, 'var/lib/kured-sentinel/metrics.json')), false)
  })
}
