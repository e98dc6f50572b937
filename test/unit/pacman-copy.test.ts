import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Deadline } from '../../src/host/deadline.ts'
import { type DatabaseCopy, withDatabaseCopy } from '../../src/pacman/database/copy.ts'
import { makeTree } from '../fixture/tree.ts'

const FILES = {
  'local/x-1-1/desc': 'x',
  'sync/core.db': { content: 'core', modified: new Date('2034-05-01T00:00:00Z') },
  'sync/core.db.sig': 'signature',
  'sync/core.files': 'long',
}
const copied = <T>(root: string, body: (copy: DatabaseCopy) => T, timeoutMs = 10_000) =>
  withDatabaseCopy(root, new Deadline(timeoutMs), (copy) => Promise.resolve(body(copy)))

test('a private copy, with the installed packages by a link', async () => {
  const root = makeTree(FILES)
  const path = await copied(root, ({ path: copy, newest }) => {
    assert.equal(statSync(copy).mode & 0o777, 0o700)
    assert.equal(readFileSync(join(copy, 'local/x-1-1/desc'), 'utf8'), 'x')
    assert.ok(lstatSync(join(copy, 'local')).isSymbolicLink())
    assert.deepEqual(readdirSync(join(copy, 'sync')), ['core.db', 'core.db.sig'])
    assert.equal(newest.toISOString(), '2034-05-01T00:00:00.000Z')
    return copy
  })
  assert.ok(!existsSync(path))
  assert.equal(readFileSync(join(root, 'local/x-1-1/desc'), 'utf8'), 'x')
})

test('what a run that was killed left behind goes with the next one', async () => {
  const base = process.getuid?.() === 0 ? '/run/kured-sentinel/work' : tmpdir()
  mkdirSync(base, { recursive: true, mode: 0o700 })
  const ended = spawnSync('true')
  const [dead, alive] = [ended.pid, process.ppid].map((pid) =>
    mkdtempSync(join(base, `kured-sentinel-${pid}-`)),
  )
  await copied(makeTree(FILES), () => undefined)
  assert.deepEqual(
    [dead, alive].map((path) => existsSync(path ?? '')),
    [false, true],
  )
  rmSync(alive ?? '', { recursive: true })
})

test('it goes when what it is for fails', async () => {
  let path = ''
  const failing = copied(makeTree(FILES), (copy) => {
    path = copy.path
    throw new Error('no')
  })
  await assert.rejects(failing, /^Error: no$/)
  assert.ok(path !== '' && !existsSync(path))
})

test('no sync database, and one that never comes', async () => {
  const none = makeTree({ sync: { directory: true } })
  await assert.rejects(
    copied(none, () => {}),
    /cannot be copied .*No such file.* run pacman -Sy/,
  )
  const hung = makeTree({ 'sync/core.db': { fifo: true } })
  await assert.rejects(
    copied(hung, () => {}, 300),
    /cannot be copied \(it took too long\)/,
  )
})
