/** `reboot` where no host goes down: its usage. What it does: test/system/reboot.test.ts. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTree } from '../fixture/tree.ts'
import { run } from '../fixture/program.ts'

for (const [command, example] of [
  ['reboot', 'kured-sentinel reboot --dry-run'],
  ['hold', 'kured-sentinel hold --for 4h --reason "replacing the disk"'],
  ['release', 'kured-sentinel release'],
] as const) {
  test(`${command} --help has an example`, () => {
    const { code, stdout } = run([command, '--help'])
    assert.equal(code, 0)
    assert.ok(stdout.includes(`Example:\n  ${example}\n`), stdout)
  })
}

// With --dry-run throughout: on no account is the machine of a developer to go down.
for (const [words, says] of [
  [['--wait', 'long'], /"long" is not a duration/],
  [['--now'], /unknown option '--now'/],
  [['now'], /too many arguments/],
  [['--config', '/none/x.conf'], /\/none\/x\.conf: no such file|configuration cannot be read/],
] as const) {
  test(`2: reboot ${words.join(' ')}`, () => {
    const { code, stdout, stderr } = run(['reboot', '--dry-run', ...words])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(
      stderr,
      process.getuid?.() === 0 ? says : /needs root|is not a duration|unknown|too many/,
    )
  })
}

test('2: a bad [reboot] section, with its line', () => {
  const file = join(makeTree({}), 'x.conf')
  for (const [line, says] of [
    ['wait = long', /x\.conf:2: wait: "long" is not a duration/],
    ['only-asked = perhaps', /x\.conf:2: only-asked: "perhaps" is neither yes nor no/],
    ['force = yes', /x\.conf:2: unknown key "force"; known: wait, blocking-hooks, only-asked/],
  ] as const) {
    writeFileSync(file, `[reboot]\n${line}\n`)
    const { code, stderr } = run(['status', '--config', file])
    assert.equal(code, 2)
    assert.match(stderr, says)
  }
})
