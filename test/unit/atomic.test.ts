import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeAtomically } from '../../src/host/atomic.ts'
import { makeTree } from '../fixture/tree.ts'

test('a file is written whole, with its mode, in place of a link too', () => {
  const root = makeTree({ other: 'kept' })
  const path = join(root, 'state')
  symlinkSync('other', path)
  writeAtomically(path, 'new', 0o600)
  assert.equal(readFileSync(path, 'utf8'), 'new')
  assert.equal(readFileSync(join(root, 'other'), 'utf8'), 'kept')
  assert.equal(statSync(path).mode & 0o7777, 0o600)
  assert.deepEqual(readdirSync(root).toSorted(), ['other', 'state'])
})

test('a file has the mode that was asked for, whatever the umask', () => {
  const path = join(makeTree({}), 'unit')
  const umask = process.umask(0o077)
  try {
    writeAtomically(path, 'new')
  } finally {
    process.umask(umask)
  }
  assert.equal(statSync(path).mode & 0o7777, 0o644)
})

test('what killed runs have left is removed, with our PID or another; what is in use stays', () => {
  // Above the largest PID that Linux has, and PID 1, which lives.
  const left = [process.pid, 5_000_000, 1].map((pid) => `.state.kured-sentinel-new-${pid}`)
  const root = makeTree(Object.fromEntries(left.map((name) => [name, 'half a st'])))
  writeAtomically(join(root, 'state'), 'new')
  assert.deepEqual(readdirSync(root), ['.state.kured-sentinel-new-1', 'state'])
  assert.equal(readFileSync(join(root, 'state'), 'utf8'), 'new')
})

test('what cannot be put in place leaves nothing behind', () => {
  const root = makeTree({})
  mkdirSync(join(root, 'state/full'), { recursive: true })
  assert.throws(() => writeAtomically(join(root, 'state'), 'new'), { code: 'EISDIR' })
  assert.deepEqual(readdirSync(root), ['state'])
})
