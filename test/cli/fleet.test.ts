/** The fleet as a person and as Kured get it, on a host's files. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { DEFAULTS } from '../../src/config/config.ts'
import { verdict as answer } from '../../src/doctor/verdict.ts'
import { machineDigest } from '../../src/fleet/name.ts'
import { rowText, type FleetRow } from '../../src/fleet/row.ts'
import { Host } from '../../src/host/host.ts'
import { placeOf } from '../fixture/doctor.ts'
import { row, UNHEALTHY } from '../fixture/fleet.ts'
import { hostTree } from '../fixture/host.ts'
import { asKured, IS_ROOT, run } from '../fixture/program.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'
import { readEnvelope, readJudged } from '../fixture/envelope.ts'

const DUE: Tree = { 'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n' }

function share(rows: readonly FleetRow[], more: Tree = {}) {
  const root = makeTree({ 'etc/hostname': 'node1\n', 'fleet/.keep': '', ...more })
  const own = row('node1', { machine: machineDigest(new Host(root)) })
  for (const one of [own, ...rows]) {
    mkdirSync(join(root, 'fleet', one.host))
    writeFileSync(join(root, 'fleet', one.host, 'status.json'), rowText(one))
  }
  const conf = (directory: string) => `[fleet]\ndirectory = ${directory}\nmount = no\n`
  writeFileSync(join(root, 'etc/kured-sentinel.conf'), conf('/fleet'))
  const configFile = join(root, 'here.conf')
  writeFileSync(configFile, conf(join(root, 'fleet')))
  return { root, config: ['--config', configFile] }
}

describe('check, where another host is hurt', () => {
  const hurt = row('node2', { health: UNHEALTHY })

  test('a reboot that is due waits, with the reason, and is not counted as asked for', () => {
    const { root } = share([hurt], hostTree(DUE))
    const { code, stdout } = asKured(['--root', root])
    assert.equal(code, 1)
    assert.match(
      stdout,
      /waits for node2: unhealthy since its reboot: containerd\.service has failed/,
    )
    const { root: well } = share([row('node2')], hostTree(DUE))
    assert.equal(asKured(['--root', well]).code, 0)
    assert.ok(!readdirSync(join(root, 'var/lib')).includes('kured-sentinel'))
  })

  test('no reboot is due: nothing of the fleet is looked at', () => {
    const { root } = share([hurt], hostTree())
    const { code, stdout } = asKured(['--root', root])
    assert.deepEqual([code, stdout], [1, 'no reboot required\n'])
    assert.deepEqual(readdirSync(join(root, 'fleet')), ['.keep', 'node1', 'node2'])
  })

  test('status says it, too', () => {
    const { root } = share([hurt], hostTree(DUE))
    const { code, stdout } = run(['status', '--json', '--root', root])
    assert.equal(code, 0)
    const { verdict, reasons } = readJudged(stdout, 'status')
    assert.deepEqual([verdict, reasons.map(({ kind }) => kind)], ['none', ['fleet']])
  })

  test('and so do metrics and doctor: what Kured is told is what they tell', async () => {
    const { root } = share([hurt], hostTree(DUE))
    const { stdout } = run(['metrics', '--root', root])
    assert.match(stdout, /^kured_sentinel_verdict\{verdict="none"\} 1$/m)
    assert.match(stdout, /^kured_sentinel_reboot_due 1$/m)
    const config = { ...DEFAULTS, fleetDirectory: '/fleet', fleetMount: false }
    const [said] = await answer.look({ ...placeOf({}), host: new Host(root), config })
    assert.match(said?.message ?? '', /^reboot due, not yet: waits for node2/)
  })
})

test('fleet: a row for each host, as text and as JSON', () => {
  const { config } = share([
    row('node2', { health: UNHEALTHY }),
    row('node3', { verdict: 'reboot' }),
  ])
  const { code, stdout } = run(['fleet', ...config, '--window', '4h'])
  assert.equal(code, 1)
  assert.match(stdout, /^node2 +none +unhealthy .*\n  others wait: unhealthy since its reboot/m)
  assert.match(stdout, /a reboot is due for 1 of 3: node3\nthey take one night of 4h, about\n$/)
  const { details, exitCode, findings } = readEnvelope(
    'fleet',
    run(['fleet', '--json', ...config]).stdout,
  )
  const { hosts, due } = details
  assert.deepEqual(
    findings.map(({ kind, state, fields }) => [kind, state, fields.host]),
    [['hurt', 'wrong', 'node2']],
  )
  assert.deepEqual(
    hosts.map(({ host }) => host),
    ['node1', 'node2', 'node3'],
  )
  assert.deepEqual([due, exitCode], [['node3'], 1])
})

test('fleet forget as JSON', { skip: !IS_ROOT && 'only root may' }, () => {
  const { config } = share([row('node2')])
  const { stdout } = run(['fleet', 'forget', 'node2', '--json', ...config])
  const { verdict, details } = readEnvelope('fleet forget', stdout)
  assert.deepEqual([verdict, details], ['forgotten', { forgotten: 'node2' }])
})

test('fleet: 200 hosts in a moment', () => {
  const names = Array.from({ length: 200 }, (_, index) => `host-${index}`)
  const { config } = share(names.map((name) => row(name)))
  const { code, stdout, ms } = run(['fleet', ...config])
  assert.equal(code, 0)
  assert.equal(stdout.split('\n').length, 204)
  assert.ok(ms < 30_000, `${ms} ms`)
})

test('fleet: 2 and what to do where there is none, where it is gone, and for Kured', () => {
  const missing = makeTree({ 'a.conf': '[fleet]\ndirectory = /nowhere/fleet\n' })
  const { code, stderr } = run(['fleet', '--config', join(missing, 'a.conf')])
  assert.equal(code, 2)
  assert.match(stderr, /\/nowhere\/fleet does not answer: No such file or directory/)
  const { config } = share([])
  assert.equal(asKured(['fleet', ...config]).code, 2)
})

test(
  'fleet forget: root forgets a host, and never what is none',
  { skip: !IS_ROOT && 'needs root' },
  () => {
    const { root, config } = share([row('node2')])
    const forget = (name: string) => run(['fleet', 'forget', name, ...config])
    for (const bad of ['..', '.keep', 'a/b', '../etc']) assert.equal(forget(bad).code, 2)
    assert.deepEqual(
      forget('node2').stdout,
      'node2 is forgotten; it comes back with its next report\n',
    )
    const again = forget('node2')
    assert.equal(again.code, 0)
    assert.equal(again.stdout, 'nothing is there of node2; kured-sentinel fleet shows the hosts\n')
    assert.deepEqual(readdirSync(join(root, 'fleet')), ['.keep', 'node1'])
  },
)
