import assert from 'node:assert/strict'
import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { withFleetingDirectory } from '../../src/host/fleeting-directory.ts'
import { runInteractive } from '../../src/host/interactive.ts'
import { awaitProgram, runProgram } from '../../src/host/program.ts'
import { makeTree } from '../fixture/tree.ts'

const LIMITS = { timeoutMs: 10_000 }
const QUESTIONS = { any: /\?/, known: /\?/ }
const WHERE = ['-c', 'pwd; /usr/bin/env -u PWD -u OLDPWD | sort']

const before = process.cwd()
beforeEach(() => {
  process.chdir(makeTree({ '.kube/kuberc': 'overrides: […]\n' }))
  process.env['KUBECONFIG'] = '/nonexistent'
})
afterEach(() => {
  process.chdir(before)
  delete process.env['KUBECONFIG']
})

const RUNS = {
  runProgram: async () => runProgram('/bin/sh', WHERE, LIMITS).stdout.toString(),
  awaitProgram: async () => (await awaitProgram('/bin/sh', WHERE, LIMITS)).stdout.toString(),
  runInteractive: async () => (await runInteractive('/bin/sh', WHERE, LIMITS, QUESTIONS)).stdout,
}

for (const [name, runs] of Object.entries(RUNS)) {
  test(`${name}: nothing of the caller’s directory or environment`, async () => {
    assert.equal(await runs(), '/\nHOME=/root\nKUBERC=off\nLC_ALL=C\nPATH=/usr/bin\n')
  })
}

test('what removes the demonstration’s directory is found by no PATH of the caller', async (t) => {
  const own = process.env['PATH']
  t.after(() => (process.env['PATH'] = own))
  const root = makeTree({ 'bin/rm': '#!/bin/sh\ntouch "$0.ran"\n' })
  chmodSync(join(root, 'bin/rm'), 0o755)
  process.env['PATH'] = `${root}/bin:${own}`
  const path = await withFleetingDirectory((made) => Promise.resolve(made))
  assert.deepEqual([existsSync(join(root, 'bin/rm.ran')), existsSync(path)], [false, false])
})
