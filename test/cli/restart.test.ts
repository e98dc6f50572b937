/** `restart` where nothing is restarted: test/system/restart.test.ts does the rest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asKured, run } from '../fixture/program.ts'

test('restart --help says what its codes mean, and has an example', () => {
  const { code, stdout } = run(['restart', '--help'])
  assert.equal(code, 0)
  assert.match(stdout, /Exit codes: 0 .*;\s2 /s)
  assert.match(stdout, /Example:\n {2}kured-sentinel restart --dry-run\n/)
})

for (const [words, says] of [
  [['--dryrun'], /unknown option '--dryrun'/],
  [['sshd.service'], /too many arguments/],
  [['--config', '/none.conf', '--dry-run'], /\/none\.conf: no such file/],
] as const) {
  test(`restart ${words.join(' ')}`, () => {
    const { code, stdout, stderr } = run(['restart', ...words])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, says)
  })
}

test('to Kured no answer of this command is a reboot', () => {
  const { code, stderr } = asKured(['restart', '--dry-run'])
  assert.equal(code, 2)
  assert.match(stderr, /Kured takes exit code 0 for "reboot"/)
})
