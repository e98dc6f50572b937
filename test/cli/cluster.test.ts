/** `cluster` without a cluster: what it says then. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asKured, IS_ROOT, run } from '../fixture/program.ts'

test('a kubeconfig that is not there, or a list of them', () => {
  const missing = run(['cluster', '--kubeconfig', '/nonexistent'])
  assert.deepEqual([missing.code, missing.stdout], [2, ''])
  assert.match(missing.stderr, /^error: the \w+ cannot be listed|^error: .*kubectl/)
  const list = run(['cluster', '--kubeconfig', 'a.conf:b.conf'])
  assert.deepEqual([list.code, list.stdout], [2, ''])
  assert.match(list.stderr, /a list of kubeconfigs: name one with --kubeconfig/)
})

test('a failure with --json, and of a user whom nobody knows', { skip: !IS_ROOT }, () => {
  const through = ['/usr/bin/setpriv', '--reuid=54321', '--regid=54321', '--clear-groups']
  const unknown = run(['cluster', '--json'], { through })
  assert.equal(unknown.code, 2)
  const { verdict, findings, details } = JSON.parse(unknown.stdout)
  assert.deepEqual([verdict, findings[0].state, details], ['error', 'error', null])
  assert.match(unknown.stderr, /^error: there is no kubeconfig in \/\.kube\/config: name one with/)
})

test('Kured, to which 0 is a reboot, never gets one', () => {
  assert.equal(asKured(['cluster', '--kubeconfig', '/nonexistent']).code, 2)
})
