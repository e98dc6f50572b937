/** `units print` on aarch64: the units are the same ones everywhere. */
import assert from 'node:assert/strict'
import { run } from '../fixture/program.ts'
import { aarch64Test } from '../lab/aarch64-root.ts'

aarch64Test('units print gives, byte by byte, what it gives here', async (root) => {
  const print = ['units', 'print', '--role', 'cache', '--cache-calendar', 'Mon..Fri 11:00']
  const { exitCode, stdout, stderr } = await root.program(...print)
  assert.deepEqual([exitCode, stderr], [0, ''])
  assert.match(stdout, /^# pacman-upgrade\.service$/m)
  assert.match(stdout, /^# pacman-cache-update\.timer$/m)
  assert.equal(stdout, run(print).stdout)
})

aarch64Test('units print: a time that is none is bad usage', async (root) => {
  const { exitCode, stdout, stderr } = await root.program('units', 'print', '--spread', 'soon')
  assert.deepEqual([exitCode, stdout], [2, ''])
  assert.match(stderr, /soon/)
})
