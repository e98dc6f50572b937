/** --json where there is no answer: the same envelope, and stderr as ever. run() holds it against the schema. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CommandName, COMMANDS } from '../../src/envelope/commands.ts'
import { hostTree } from '../fixture/host.ts'
import { asKured, IS_ROOT, run } from '../fixture/program.ts'
import { shipped } from '../fixture/shipped.ts'
import { makeTree } from '../fixture/tree.ts'

const PACMAN_CONF = { 'pacman.conf': '[options]\nIgnorePkg = kubelet\n' }

/**
 * Where each command's answer is held against its schema: here, on a tree of files (`ROOT`), or
 * where a test has what it needs. A command without a line here does not compile.
 */
const ANSWERED: Record<CommandName, string | { in: string }> = {
  check: 'check --root ROOT',
  status: 'status --root ROOT',
  hold: 'hold --for 4h --reason x --root ROOT',
  release: 'release --root ROOT',
  request: 'request --reason x --dry-run --root ROOT',
  reboot: { in: 'test/system/reboot.test.ts' },
  'ignore list': { in: 'test/cli/ignore.test.ts' },
  'ignore add': 'ignore add linux --pacman-conf ROOT/pacman.conf',
  'ignore remove': 'ignore remove --dry-run kubelet --pacman-conf ROOT/pacman.conf',
  'ignore check': { in: 'test/system/ignore.test.ts' },
  restart: { in: 'test/lab/restart-report.ts' },
  'units print': 'units print',
  'units install': 'units install --root ROOT',
  'units remove': 'units remove --dry-run --root ROOT',
  'units status': 'units status --root ROOT',
  'units diff': 'units diff --role cache --root ROOT',
  'preflight upgrade': 'preflight upgrade --config /none',
  'preflight download': 'preflight download --config /none',
  'record upgrade': { in: 'test/unit/envelope.test.ts' },
  'record download': { in: 'test/unit/envelope.test.ts' },
  publish: { in: 'test/system/publish.test.ts' },
  repair: { in: 'test/system/repair.test.ts' },
  doctor: 'doctor',
  history: 'history --root ROOT',
  cluster: { in: 'test/cluster/fitness.test.ts' },
  health: { in: 'test/system/health.test.ts' },
  notify: 'notify --test --dry-run --root ROOT',
  fleet: { in: 'test/cli/fleet.test.ts' },
  'fleet forget': { in: 'test/cli/fleet.test.ts' },
  'fleet report': { in: 'test/system/fleet.test.ts' },
}

for (const [name, where] of Object.entries(ANSWERED)) {
  test(`the answer of ${name}`, () => {
    if (typeof where !== 'string') {
      const [last = ''] = name.split(' ').toReversed()
      assert.match(shipped(where.in), new RegExp(`${last}'?.*--json|'${name}'`), where.in)
      return
    }
    const root = makeTree(hostTree({ ...PACMAN_CONF, 'etc/hostname': 'node7\n' }))
    const { stdout } = run([...where.replaceAll('ROOT', root).split(' '), '--json'])
    const { verdict, command } = JSON.parse(stdout)
    assert.equal(command, name)
    assert.notEqual(verdict, 'error', stdout)
  })
}

/** The one finding of a failure. */
function failureIn(stdout: string) {
  const { verdict, details, findings, command, host, exitCode } = JSON.parse(stdout)
  assert.deepEqual([verdict, details, findings.length], ['error', null, 1], stdout)
  const [{ kind, state, message, advice, fields }] = findings
  assert.equal(state, 'error')
  return { kind, message, advice, causes: fields.causes, command, host, exitCode }
}

test('a mistake in the command line of each command', () => {
  for (const name of Object.keys(COMMANDS)) {
    const { code, stdout, stderr } = run([...name.split(' '), '--json', '--nonsense'])
    const { kind, command, message, exitCode } = failureIn(stdout)
    assert.deepEqual([code, kind, command, exitCode], [2, 'usage', name, 2])
    assert.equal(message, "unknown option '--nonsense'")
    assert.match(stderr, /^error: unknown option '--nonsense'\nRun kured-sentinel .* --help/)
  }
})

test('without a command it is check’s; a word that is none is the program’s', () => {
  assert.equal(failureIn(run(['--json', '--nonsense']).stdout).command, 'check')
  const { stdout } = run(['chekc', '--json'])
  assert.deepEqual([failureIn(stdout).command, failureIn(stdout).kind], ['kured-sentinel', 'usage'])
})

test('--json as the value of an option asks for no JSON', () => {
  const { code, stdout } = run(['hold', '--root', makeTree(hostTree()), '--reason', '--json'])
  assert.deepEqual([code, stdout], [2, ''])
})

test('help is for people', () => {
  const { code, stdout } = run(['status', '--json', '--help'])
  assert.equal(code, 0)
  assert.match(stdout, /^Usage:/)
})

test('an error that a person can act on, with its host', () => {
  const root = makeTree(hostTree({ 'etc/hostname': '# mine\nnode7\n' }))
  const { code, stdout, stderr } = run(['status', '--json', '--root', root, '--config', '/none'])
  const { kind, message, host } = failureIn(stdout)
  assert.deepEqual([code, kind, host], [2, 'error', 'node7'])
  assert.match(message, /^the configuration cannot be read: \/none/)
  assert.match(stderr, /^error: the configuration cannot be read: \/none/)
})

test('a fault that nobody foresaw', () => {
  const fault = `require('node:fs').lstatSync = () => { throw new TypeError('a \\u001bfault') }
require('node:module').syncBuiltinESMExports()`
  const env = { NODE_OPTIONS: `--require=${makeTree({ 'fault.cjs': fault })}/fault.cjs` }
  const { code, stdout } = run(['status', '--json'], { env })
  const { kind, message } = failureIn(stdout)
  assert.deepEqual([code, kind, message], [2, 'fault', 'a \u001bfault'])
  assert.match(stdout, /a \\u001bfault/)
})

test('what Kured may not run', () => {
  const ran = asKured(['status', '--json', '--root', makeTree(hostTree())])
  assert.equal(ran.code, 2)
  assert.match(failureIn(ran.stdout).message, /set its sentinel command/)
  // Its exit code would be 0: known only once it has run.
  const help = asKured(['--json', '--help'])
  assert.deepEqual([help.code, help.stdout.startsWith('Usage:')], [2, true])
})

test('units that a person has edited: what is in the way, and how', () => {
  const root = makeTree({ 'etc/systemd/system/pacman-upgrade.timer': '[Timer]\n' })
  for (const more of [[], ['--dry-run']]) {
    const { code, stdout, stderr } = run(['units', 'install', '--json', '--root', root, ...more])
    const { verdict, findings, details } = JSON.parse(stdout)
    assert.deepEqual([code, verdict], [2, 'refused'])
    assert.match(findings[0].message, /pacman-upgrade\.timer was written or edited by a person/)
    assert.equal(details.refused.length, 1)
    assert.match(stderr, /^error: .* was written or edited by a person/m)
  }
})

test('an ordinary user is told to run it as root', { skip: !IS_ROOT && 'needs root' }, () => {
  const through = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const { code, stdout } = run(['health', '--json'], { through })
  assert.deepEqual([code, failureIn(stdout).kind], [2, 'error'])
})
