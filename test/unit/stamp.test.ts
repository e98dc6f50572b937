import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { Snapshot } from '../../src/host/snapshot.ts'
import { leaveStamp, takeFingerprint } from '../../src/sentinel/stamp.ts'
import { hostTree, replacedTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const STAMP = 'run/kured-sentinel/clean'
const take = (tree: Tree) => takeFingerprint(new Snapshot(makeTree(hostTree(tree))))
/** With a pacman.conf that includes a file. */
function including(name: string, pattern = name) {
  return take({ 'etc/pacman.conf': `[options]\nInclude = ${pattern}\n`, [name.slice(1)]: '' })
}

test('the lines: the boot, the lock, the paths, and the state of those that are there', () => {
  const root = makeTree(
    hostTree({
      ...replacedTree(),
      'etc/pacman.conf':
        '[options]\nDBPath = /srv/db/\nInclude = /etc/pacman.d/one\nInclude = /etc/more.d/*.conf\n',
      'etc/more.d/a.conf': '',
      'srv/db/local/ALPM_DB_VERSION': '9\n',
      'etc/pacman.d/one': { content: '', modified: new Date(5_000) },
    }),
  )
  const lines = takeFingerprint(new Snapshot(root))?.split('\n') ?? []
  const end = lines.indexOf('')
  assert.deepEqual(lines.slice(0, end), [
    '1b4e28ba-2fa1-4d17-883f-0016d3cca427',
    '/srv/db/db.lck',
    '/etc/pacman.conf',
    '/etc/pacman.d/one',
    '/etc/more.d/a.conf',
    '/etc/more.d',
    '/etc/kured-sentinel.conf',
    '/srv/db/local',
    '/usr/lib/modules',
    '/usr/lib/modules/6.9.1-arch1-1',
    '/usr/lib/modules/6.9.1-arch1-1/vmlinuz',
    '/usr/lib/modules/6.9.1-arch1-1/pkgbase',
    '/run/kured-sentinel/unhealthy',
    '/run/kured-sentinel/request',
    '/run/kured-sentinel/replaced',
    '/run/kured-sentinel/incomplete',
  ])
  const missing = [
    '/etc/kured-sentinel.conf',
    '/usr/lib/modules/6.9.1-arch1-1/vmlinuz',
    '/run/kured-sentinel/unhealthy',
    '/run/kured-sentinel/request',
  ]
  const there = lines.slice(2, end - 1).filter((path) => !missing.includes(path))
  // As the entry asks for it, with the real stat(1).
  const files = there.map((path) => join(root, path))
  const format = ['--dereference', '--format=%n %i %.9Y %.9Z', '--']
  const said = execFileSync('/usr/bin/stat', [...format, ...files], { encoding: 'utf8' })
  assert.equal(lines.slice(end + 1).join('\n'), said.replaceAll(root, ''))
})

test('the state is that from before it was read: of a file, and of a directory', () => {
  const root = makeTree(
    hostTree({
      'etc/pacman.conf': '[options]\nInclude = /etc/more.d/*\n',
      'etc/more.d/a': '',
    }),
  )
  for (const [read, file] of [
    [(host: Host) => host.readText('/etc/pacman.conf'), 'etc/pacman.conf'],
    [(host: Host) => host.list('/etc/more.d'), 'etc/more.d/b'],
  ] as const) {
    const snapshot = new Snapshot(root)
    read(snapshot)
    appendFileSync(join(root, file), '# changed while the host is looked at\n')
    assert.notEqual(takeFingerprint(snapshot), takeFingerprint(new Snapshot(root)))
  }
})

for (const [what, fingerprint] of [
  ['a control character in an included path', () => including('/etc/a\u0001b')],
  ['a DEL in it', () => including('/etc/a\u007fb')],
  ['bytes in it that are not UTF-8', () => including('/etc/a\ufffdb')],
  [
    'a pattern for the directory of included files',
    () => including('/etc/a.d/one', '/etc/*.d/one'),
  ],
  ['such a pattern by a bracket', () => including('/etc/a.d/one', '/etc/[ab].d/one')],
  [
    'a control character in DBPath',
    () => take({ 'etc/pacman.conf': '[options]\nDBPath = /srv/a\u0001b\n' }),
  ],
  ['no pacman.conf', () => takeFingerprint(new Snapshot(makeTree({ 'etc/x': '' })))],
  ['no boot ID', () => take({ 'proc/sys/kernel/random/boot_id': { directory: true } })],
  ['no release', () => take({ 'proc/sys/kernel/osrelease': { directory: true } })],
] as const) {
  test(`none: ${what}`, () => assert.equal(fingerprint(), undefined))
}

test('odd characters that a line can have', () => {
  for (const name of ['/etc/a b', '/etc/$(reboot)', '/etc/ü', '/etc/`x`', "/etc/'"]) {
    assert.ok(including(name)?.includes(`\n${name}\n`), name)
  }
})

test('only root reads the stamp; without a fingerprint an earlier one goes', () => {
  const root = makeTree({ 'etc/x': '' })
  const host = new Host(root)
  leaveStamp(host, 'text\n')
  assert.equal(readFileSync(join(root, STAMP), 'utf8'), 'text\n')
  assert.equal(statSync(join(root, STAMP)).mode & 0o777, 0o600)
  leaveStamp(host, undefined)
  assert.ok(!existsSync(join(root, STAMP)))
  leaveStamp(host, undefined)
})

test('a stamp that cannot be left is no error', () => {
  leaveStamp(new Host(makeTree({ run: 'no directory' })), 'text\n')
})
