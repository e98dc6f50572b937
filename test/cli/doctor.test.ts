/** `doctor` on the machine that runs the tests, whatever that is. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { asKured, BIN, NODE, run } from '../fixture/program.ts'
import { readEnvelope } from '../fixture/envelope.ts'

test('doctor --help has an example and the exit codes', () => {
  const { code, stdout } = run(['doctor', '--help'])
  assert.equal(code, 0)
  assert.match(stdout, /Exit codes: 0 all is well, 1 warnings or unknown, 2 something is wrong/)
  assert.match(stdout, /Example:\n {2}kured-sentinel doctor/)
})

test('bad usage', () => {
  for (const words of [['--jsn'], ['all']]) {
    const { code, stdout, stderr } = run(['doctor', ...words])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /unknown option '--jsn'|too many arguments/)
  }
})

test('what is printed and the exit code are one, as text and as JSON', () => {
  const json = run(['doctor', '--json'])
  assert.equal(json.stderr, '')
  const { verdict, exitCode, findings, at } = readEnvelope('doctor', json.stdout)
  assert.equal(json.code, exitCode)
  assert.ok([['ok'], ['unknown', 'warning'], ['wrong']][exitCode]?.includes(verdict))
  assert.ok(!Number.isNaN(Date.parse(at)))

  const text = run(['doctor'])
  assert.deepEqual([text.code, text.stderr], [exitCode, ''])
  const rows = text.stdout.split('\n').filter((line) => /^(ok|unknown|warning|wrong) /.test(line))
  assert.deepEqual(
    rows.map((row) => row.split(/ +/).slice(0, 2)),
    // Problems stand last, above the prompt.
    ['ok', 'unknown', 'warning', 'wrong'].flatMap((one) =>
      findings.filter(({ state }) => state === one).map(({ kind }) => [one, kind]),
    ),
  )
  assert.match(text.stdout, /\d+ (ok|unknown|warnings?|wrong)[^\n]* \(in \d+ ms\)\n$/)
  assert.doesNotMatch(text.stdout, /\u001b/)
})

test('colours where they are asked for', () => {
  const colours = (env: Record<string, string>) =>
    run(['doctor'], { env }).stdout.includes('\u001b[')
  assert.equal(colours({ FORCE_COLOR: '1' }), true)
  assert.equal(colours({ FORCE_COLOR: '1', NO_COLOR: '1' }), false)
})

test('on a terminal a line says what is being looked at, and goes again', () => {
  const words = ['-qec', `${NODE} ${BIN} doctor`, '/dev/null']
  const { stdout } = spawnSync('script', words, {
    encoding: 'utf8',
    env: { PATH: '/usr/bin', NO_COLOR: '1', TERM: 'xterm' },
    timeout: 60_000,
  })
  const [progress = '', result = ''] = stdout.split(/\r\u001b\[K(?=ok|unknown|warning|wrong)/)
  assert.match(progress, /^\r\u001b\[Klooking at program …\r\u001b\[Klooking at package …/)
  assert.match(result, /^(ok|unknown|warning|wrong) +\w+ /)
  assert.doesNotMatch(result, /looking|\u001b/)
})

test('to Kured no answer of doctor is a reboot', () => {
  const { code, stdout, stderr } = asKured(['doctor'])
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /Kured takes exit code 0 for "reboot"/)
})
