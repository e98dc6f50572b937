import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { readState, writeState } from '../../src/state/store.ts'
import { makeTree } from '../fixture/tree.ts'

const FILE = 'var/lib/kured-sentinel/guard.json'

test('what was written is read back; nothing written is undefined', () => {
  const host = new Host(makeTree({}))
  assert.equal(readState(host, 'guard'), undefined)
  writeState(host, 'guard', { asked: ['kernel'] })
  assert.deepEqual(readState(host, 'guard'), { asked: ['kernel'] })
})

for (const [what, content, message] of [
  ['truncated', '{"version": 1, "asked": [', /guard\.json cannot be read/],
  ['empty', '', /guard\.json cannot be read/],
  ['something else', '[1]', /not a state file of this program/],
  ['from a newer program', '{"version": 2}', /another version/],
] as const) {
  test(`a state that is ${what} is an error that names the file`, () => {
    const host = new Host(makeTree({ [FILE]: content }))
    assert.throws(() => readState(host, 'guard'), { name: 'SentinelError', message })
  })
}

test('a state that cannot be written is an error that names the file', () => {
  const host = new Host(makeTree({ 'var/lib/kured-sentinel': 'a file in its place' }))
  assert.throws(() => writeState(host, 'guard', {}), /guard\.json cannot be written/)
})
