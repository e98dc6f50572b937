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
  truncateSync,
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
  withDatabaseCopy(root, ['core', 'extra'], new Deadline(timeoutMs), (copy) =>
    Promise.resolve(body(copy)),
  )

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

test('only the databases of configured repositories', async () => {
  const root = makeTree({
    ...FILES,
    'sync/extra.db': { content: 'extra', modified: new Date('2034-04-01T00:00:00Z') },
    'sync/stranger.db': 'x',
    'sync/core.db.evil': 'x',
    'sync/other.db.fifo': { fifo: true },
  })
  await copied(root, ({ path, newest }) => {
    assert.deepEqual(readdirSync(join(path, 'sync')), ['core.db', 'core.db.sig', 'extra.db'])
    assert.equal(newest.toISOString(), '2034-05-01T00:00:00.000Z')
  })
})

test('a link, a FIFO, a device, a directory or a giant is not opened', async () => {
  const started = performance.now()
  for (const [file, says] of [
    [{ link: '/dev/zero' }, /core\.db is a symbolic link/],
    [{ link: '/etc/passwd' }, /core\.db is a symbolic link/],
    [{ fifo: true }, /core\.db is a fifo/],
    [{ directory: true }, /core\.db is a directory/],
  ] as const) {
    const root = makeTree({ ...FILES, 'sync/core.db': file })
    await assert.rejects(
      copied(root, () => {}),
      says,
    )
    const signature = makeTree({ ...FILES, 'sync/core.db.sig': file })
    await assert.rejects(
      copied(signature, () => {}),
      /core\.db\.sig is a/,
    )
  }
  const giant = makeTree(FILES)
  truncateSync(join(giant, 'sync/core.db'), 2 ** 40)
  await assert.rejects(
    copied(giant, () => {}),
    /core\.db has more than 64M/,
  )
  truncateSync(join(giant, 'sync/core.db'), 2 ** 26)
  await copied(giant, ({ path }) => {
    assert.equal(statSync(join(path, 'sync/core.db')).size, 2 ** 26)
  })
  assert.ok(performance.now() - started < 60_000)
})

test('no sync database, and no time', async () => {
  const none = makeTree({ sync: { directory: true } })
  await assert.rejects(
    copied(none, () => {}),
    /cannot be copied \(.*No such file[^:]*\)$/,
  )
  await assert.rejects(
    copied(makeTree(FILES), () => {}, 0),
    /cannot be copied \(it took too long\)/,
  )
})
