import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeDeleted, findDeleted } from '../../src/record/deleted.ts'
import { makeTree } from '../fixture/tree.ts'

test('what pacman was to delete and is there, as in a read-only cache, is not called deleted', () => {
  const cache = makeTree({ 'a-1-1.pkg': 'a' })
  const deleted = findDeleted([`${cache}/a-1-1.pkg`, `${cache}/b-1-1.pkg`])
  assert.deepEqual(deleted, [`${cache}/b-1-1.pkg`])
  assert.equal(describeDeleted(deleted), `; pacman deleted ${cache}/b-1-1.pkg from the cache`)
  assert.equal(describeDeleted(findDeleted([])), '')
})
