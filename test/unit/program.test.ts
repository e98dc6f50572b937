import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
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
