/** `preflight …` and `record …` where it needs neither mounts nor systemd. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { makeTree } from '../fixture/tree.ts'
import { asKured, IS_ROOT, run } from '../fixture/program.ts'
import { readEnvelope } from '../fixture/envelope.ts'

for (const [command, example] of [
  ['preflight upgrade', 'kured-sentinel preflight upgrade --explain'],
  ['preflight download', 'kured-sentinel preflight download --explain'],
  ['record upgrade', 'ExecStopPost=/usr/bin/kured-sentinel record upgrade'],
  ['record download', 'ExecStopPost=/usr/bin/kured-sentinel record download'],
] as const) {
  test(`${command} --help has an example and the exit codes`, () => {
    const { code, stdout } = run([...command.split(' '), '--help'])
    assert.equal(code, 0)
    assert.ok(stdout.includes(example), stdout)
    assert.match(stdout, /^Exit codes/m)
  })
}

describe('bad usage by hand is exit 2', () => {
  const cases: [words: string, says: RegExp][] = [
    ['preflight', /Usage: kured-sentinel preflight/],
    ['preflight reboot', /unknown command 'reboot'/],
    ['preflight upgrade now', /too many arguments/],
    ['preflight upgrade --timeout never', /"never" is not a duration/],
    ['preflight upgrade --json --explain', /cannot be used with/],
    ['preflight download --allow-download', /unknown option '--allow-download'/],
    ['record', /Usage: kured-sentinel record/],
    ['record upgrade --local', /unknown option '--local'/],
    ['record upgrade', /only systemd runs this, as ExecStopPost=/],
  ]
  for (const [words, says] of cases) {
    test(words, () => {
      const { code, stdout, stderr } = run(words.split(' '))
      assert.equal(code, 2)
      if (!words.includes('--json')) assert.equal(stdout, '')
      assert.match(stderr, says)
    })
  }
})

test('a configuration that cannot be used is for a person: 255', () => {
  const root = makeTree({
    'bad.conf': '[upgrade]\nmount-type = nfs\n',
    'pacman.conf': '[options] # x\n',
  })
  const [bad, conf] = [join(root, 'bad.conf'), join(root, 'pacman.conf')]
  for (const [words, says] of [
    [['--config', bad], /bad\.conf:2: unknown key "mount-type"; known: mount-types, /],
    [['--config', '/none'], /the configuration cannot be read: \/none/],
    ...(IS_ROOT
      ? ([[['--pacman-conf', conf], /pacman\.conf:1: \[options\] # x does not open/]] as const)
      : []),
  ] as const) {
    const { code, stdout, stderr } = run(['preflight', 'upgrade', ...words])
    assert.deepEqual([code, stdout], [255, ''])
    assert.match(stderr, /^attention, no upgrade until you fix this: /)
    assert.match(stderr, says)
  }
})

test('an ordinary user is told so', { skip: !IS_ROOT && 'needs root to become one' }, () => {
  const nobody = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const { code, stderr } = run(['preflight', 'upgrade'], { through: nobody })
  assert.equal(code, 255)
  assert.match(stderr, /a preflight needs root: run it with sudo\n$/)
})

test('as JSON, also where a person must act', () => {
  const { code, stdout, stderr } = run(['preflight', 'download', '--json', '--config', '/none'])
  assert.deepEqual([code, stderr], [255, ''])
  const { findings, verdict, exitCode, details } = readEnvelope('preflight download', stdout)
  const { reason: message, ...rest } = details
  assert.deepEqual([verdict, exitCode], ['act', 255])
  assert.deepEqual(rest, { job: 'download', advice: '', plan: [], skips: 0 })
  assert.deepEqual(findings, [
    { kind: 'configuration', state: 'wrong', message, advice: null, fields: {} },
  ])
})

test('to Kured no answer of these commands is a reboot', () => {
  for (const words of [
    ['preflight', 'upgrade'],
    ['record', 'upgrade'],
  ]) {
    const { code, stderr } = asKured(words)
    assert.equal(code, 2)
    assert.match(stderr, /Kured takes exit code 0 for "reboot"/)
  }
})

test('to systemd a mistake in a preflight is a fault: 2 would be one more skip', () => {
  // As systemd does: the process that it has started knows its own PID by this name.
  const through = ['/bin/sh', '-c', 'SYSTEMD_EXEC_PID=$$ exec "$@"', 'sh']
  assert.equal(run(['preflight', 'upgrade', '--lokal'], { through }).code, 255)
  assert.equal(run(['preflight'], { through }).code, 255)
  assert.equal(run(['record', 'upgrade', '--lokal'], { through }).code, 2)
  const env = { SYSTEMD_EXEC_PID: '1' }
  assert.equal(run(['preflight', 'upgrade', '--lokal'], { env }).code, 2)
})
