import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline } from '../../src/host/deadline.ts'
import { awaitProgram } from '../../src/host/program.ts'

test('the longest time that can be configured is a long time to a timer as well', async () => {
  const year = new Deadline(365 * 86_400_000)
  const ended = await awaitProgram('/usr/bin/sleep', ['0.3'], { timeoutMs: year.left() })
  assert.deepEqual([ended.exitCode, ended.timedOut], [0, false])
})
