/** `cluster` without a cluster: what it says then. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asKured, run } from '../fixture/program.ts'

test('a kubeconfig that is not there, or a list of them', () => {
  const missing = run(['cluster', '--kubeconfig', '/nonexistent'])
  assert.deepEqual([missing.code, missing.stdout], [2, ''])
  assert.match(missing.stderr, /^error: the \w+ cannot be listed|^error: .*kubectl/)
  const list = run(['cluster', '--kubeconfig', 'a.conf:b.conf'])
  assert.deepEqual([list.code, list.stdout], [2, ''])
  assert.match(list.stderr, /a list of kubeconfigs: name one with --kubeconfig/)
})

test('Kured, to which 0 is a reboot, never gets one', () => {
  assert.equal(asKured(['cluster', '--kubeconfig', '/nonexistent']).code, 2)
})
