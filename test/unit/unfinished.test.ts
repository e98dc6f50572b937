/** Which packages count as unfinished: the list of pacman's hooks, and what a failed hook leaves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { NO_CONF } from '../../src/pacman/conf/conf.ts'
import { areHooksActive, parseHook, triggers, writesBootFiles } from '../../src/pacman/hooks.ts'
import { findDamaged } from '../../src/pacman/database/local.ts'
import {
  changeUnfinished,
  clearUnfinished,
  readUnfinished,
  UNFINISHED_FILE,
} from '../../src/pacman/unfinished.ts'
import { findUnfinished } from '../../src/record/unfinished.ts'
import type { RunOutcome } from '../../src/record/run-outcome.ts'
import { hostTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const HOOKS = 'usr/share/libalpm/hooks'
const ACTIVE: Tree = {
  [`${HOOKS}/zzz-kured-sentinel-begun.hook`]: 'x',
  [`${HOOKS}/zzz-kured-sentinel-finished.hook`]: 'x',
}

/** As mkinitcpio ships it; the program's name is that of a wrapper. */
const INITCPIO = `[Trigger]
Type = Path
Operation = Install
Target = usr/lib/modules/*/vmlinuz
Target = usr/lib/initcpio/*
Target = !usr/lib/initcpio/not

[Trigger]
Type = Package
Target = firmware-*

[Action]
When = PostTransaction
Exec = /usr/share/libalpm/scripts/x install
NeedsTargets
`

test('what a hook is for: the last pattern counts, in the section of its type', () => {
  const hook = parseHook(INITCPIO, () => undefined)
  assert.deepEqual(hook.packages, ['firmware-*'])
  const says = (name: string, ...paths: string[]) => triggers(hook, name, paths)
  assert.ok(says('linux', 'usr/bin/x', 'usr/lib/modules/6.9/vmlinuz'))
  assert.ok(says('firmware-x'))
  assert.ok(!says('usr/lib/modules/6.9/vmlinuz'))
  assert.ok(!says('a', 'usr/lib/initcpio/not'))
})

for (const [what, hook, script, expected] of [
  ['by its targets', INITCPIO, undefined, true],
  ['by its command', 'Exec = /usr/bin/dracut --force', undefined, true],
  ['by its script', 'Exec = /usr/bin/sh /x', 'cp image /boot/other', true],
  ['by a script for a board', 'Exec = /usr/bin/board', '#!/bin/sh\nmkimage -A arm64', true],
  ['an icon cache', 'Target = usr/share/icons/\nExec = /usr/bin/icons', '#!/bin/sh\ntrue', false],
  ['a word like it', 'Description = Rebooting nothing\nExec = /usr/bin/x', undefined, false],
] as const) {
  test(`whether a hook writes boot files: ${what}`, () => {
    assert.equal(writesBootFiles(parseHook(hook, () => script)), expected)
  })
}

const END: RunOutcome = {
  outcome: 'completed',
  reason: '',
  problems: [],
  changed: ['linux', 'glibc'],
  changes: [],
  failures: [],
  ran: true,
}

function found(end: Partial<RunOutcome>, tree: Tree = {}, blockingHooks: string[] = []): string[] {
  const host = new Host(makeTree(hostTree({ ...ACTIVE, ...tree })))
  const plan = ['linux', 'glibc', 'planned']
  return findUnfinished({ host, conf: NO_CONF, end: { ...END, ...end }, plan, blockingHooks })
}
const hookFailed = (name: string) => ({ failures: [{ of: 'hook' as const, name }] })

test('a failed hook that writes boot files leaves the packages that it is for', () => {
  const tree = { [`${HOOKS}/90-x.hook`]: INITCPIO }
  assert.deepEqual(found(hookFailed('90-x.hook'), tree), ['linux'])
  const shadowed = { ...tree, 'etc/pacman.d/hooks/90-x.hook': 'Exec = /usr/bin/icons' }
  assert.deepEqual(found(hookFailed('90-x.hook'), shadowed), [])
})

test('a failed hook of another kind does not, unless it is named', () => {
  const tree = { [`${HOOKS}/30-icons.hook`]: 'Type = Package\nTarget = gl*\nExec = /usr/bin/i' }
  assert.deepEqual(found(hookFailed('30-icons.hook'), tree), [])
  assert.deepEqual(found(hookFailed('30-icons.hook'), tree, ['30-*']), ['glibc'])
})

test('a failed hook that nobody can read leaves all', () => {
  assert.deepEqual(found(hookFailed('90-gone.hook')), ['linux', 'glibc'])
})

test('a failed scriptlet leaves its package, if that has boot files', () => {
  const failures = (name: string) => ({ failures: [{ of: 'scriptlet' as const, name }] })
  assert.deepEqual([found(failures('linux')), found(failures('glibc'))], [['linux'], []])
})

test('without the hooks a run that was cut leaves its plan', () => {
  const masked = { 'etc/pacman.d/hooks/zzz-kured-sentinel-begun.hook': '' }
  assert.deepEqual(found({ outcome: 'interrupted' }), [])
  assert.deepEqual(
    new Set(found({ outcome: 'interrupted' }, masked)),
    new Set(['linux', 'glibc', 'planned']),
  )
  assert.deepEqual(found({ outcome: 'failed', changed: [] }, masked), [])
  assert.ok(!areHooksActive(new Host(makeTree(hostTree())), NO_CONF))
})

test('the list: sorted, each once, kept when there is nothing to change', () => {
  const host = new Host(makeTree(hostTree()))
  assert.deepEqual(readUnfinished(host), [])
  changeUnfinished(host, (names) => [...names, 'b', 'a', 'b'])
  assert.equal(host.readText(UNFINISHED_FILE), 'a\nb\n')
  changeUnfinished(host, (names) => names.filter((name) => name !== 'a'))
  assert.deepEqual(readUnfinished(host), ['b'])
})

test('a damaged entry: empty, cut off, or missing; not that of a package without files', () => {
  const desc = (size: string) => `%NAME%\nx\n\n%INSTALLDATE%\n1\n\n${size}`
  const host = new Host(
    makeTree({
      'var/lib/pacman/local/whole-1-1/desc': desc('%SIZE%\n15\n\n'),
      'var/lib/pacman/local/whole-1-1/files': '%FILES%\nusr/\n',
      // As of Arch's base [pacman 7.0.0].
      'var/lib/pacman/local/base-3-2/desc': desc(''),
      'var/lib/pacman/local/base-3-2/files': '',
      'var/lib/pacman/local/a-1-1/desc': '',
      'var/lib/pacman/local/a-1-1/files': '',
      'var/lib/pacman/local/b-1-1/desc': desc('%SIZE%\n15\n\n'),
      'var/lib/pacman/local/b-1-1/files': '',
      'var/lib/pacman/local/c-1-1/desc': desc(''),
      'var/lib/pacman/local/d-1-1/files': '%FILES%\nusr/\n',
    }),
  )
  const damaged = findDamaged(host, '/var/lib/pacman').map(({ name }) => name)
  assert.deepEqual(damaged.toSorted(), ['a', 'b', 'c', 'd'])
})

const LISTS: Record<string, Tree[string]> = {
  'far too long': 'x\n'.repeat(2 ** 20),
  'a FIFO': { fifo: true },
  'a link that leads to a directory': { link: '/' },
}
for (const [what, entry] of Object.entries(LISTS)) {
  test(`a list that is ${what} is an error, until a person says that all is whole`, () => {
    const host = new Host(makeTree(hostTree({ [UNFINISHED_FILE.slice(1)]: entry })))
    assert.throws(() => readUnfinished(host))
    assert.throws(() => changeUnfinished(host, (names) => names))
    assert.deepEqual(clearUnfinished(host), [])
    assert.deepEqual(readUnfinished(host), [])
  })
}
