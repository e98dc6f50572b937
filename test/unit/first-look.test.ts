import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstLook } from '../../scripts/start/first-look.ts'
import { Host } from '../../src/host/host.ts'
import { hostTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const database = 'var/lib/pacman/local/ALPM_DB_VERSION'

for (const [what, tree, command] of [
  ['a host with pacman and its packages', hostTree(), 'status'],
  [
    'a database elsewhere',
    { 'etc/pacman.conf': '[options]\nDBPath = /db\n', 'db/local/x-1-1/desc': '' },
    'status',
  ],
  ['pacman without a package, as on Debian', { [database]: '9\n' }, 'demo'],
  ['no pacman', {}, 'demo'],
] satisfies [string, Tree, string][]) {
  test(`npm start shows ${command}: ${what}`, () => {
    assert.equal(firstLook(new Host(makeTree(tree))), command)
  })
}
