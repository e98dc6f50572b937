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

test('what cannot be put in place leaves nothing behind', () => {
  const root = makeTree({})
  mkdirSync(join(root, 'state/full'), { recursive: true })
  assert.throws(() => writeAtomically(join(root, 'state'), 'new'), { code: 'EISDIR' })
  assert.deepEqual(readdirSync(root), ['state'])
})
