/** What pacman runs of the package: kured-sentinel.install, without what it calls. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { allCommands, commandTree } from '../../scripts/build/command-tree.ts'
import { CHECKOUT } from '../fixture/shipped.ts'

/** Calls one of its functions as pacman does. [libalpm/util.c, _alpm_runscriptlet] */
function call(name: string): string {
  const words = ['-c', `sync() { :; }; . "$0"; ${name}`, join(CHECKOUT, 'kured-sentinel.install')]
  const { stdout, stderr, status } = spawnSync('bash', words, { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
  return stdout
}

test('the first installation says which three commands come next, in 100 columns', () => {
  const said = call('post_install 1.0-1').split('\n')
  const named = said.flatMap(
    (line) => /^ +kured-sentinel ([a-z ]+?) +(--help +)?#/.exec(line)?.[1] ?? [],
  )
  const known = allCommands(commandTree()).map(({ path }) => path.join(' '))
  assert.equal(named.length, 3)
  assert.deepEqual(
    named.filter((name) => !known.includes(name)),
    [],
  )
  assert.ok(said.every((line) => line.length <= 100))
})

test('an upgrade says nothing', () => assert.equal(call('post_upgrade 1.1-1 1.0-1'), ''))
