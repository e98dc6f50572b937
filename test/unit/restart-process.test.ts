import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import type { Finding } from '../../src/sentinel/finding.ts'
import { identify, isBelow, isStillThere } from '../../src/restart/stale-process.ts'
import { processTree } from '../fixture/host.ts'
import { makeTree } from '../fixture/tree.ts'

const finding = (pid: number, unit: string): Finding => {
  return { kind: 'library', effect: 'reboot', message: 'm', pid, command: 'old', unit }
}
const hostOf = (options: Parameters<typeof processTree>[1]) =>
  new Host(makeTree(processTree(40, options)))
const PLAIN = '0::/system.slice/plain.service\n'
const OTHER = '0::/system.slice/other.service\n'
const USERS = '0::/user.slice/user-1000.slice/user@1000.service/app.slice/plain.service\n'

test('after a scan: the process that was found, or another one with its PID', () => {
  const found = [finding(40, 'plain.service'), finding(40, 'plain.service')]
  const { stale, gone } = identify(hostOf({ cgroup: PLAIN, startedAt: 100 }), found, 5)
  assert.deepEqual([stale.map(({ pid }) => pid), gone], [[40], []], 'one of several files')
  const another = [{ pid: 40, command: 'old', unit: 'plain.service' }]
  for (const options of [
    { cgroup: OTHER, startedAt: 100 },
    { cgroup: PLAIN, startedAt: 501 },
  ]) {
    const after = identify(hostOf(options), found, 5)
    assert.deepEqual([after.stale, after.gone], [[], another])
  }
  assert.deepEqual(identify(new Host(makeTree({})), found, 5).gone, another)
})

test('before a restart: the same start in the same unit, or it is another one', () => {
  const options = { cgroup: PLAIN, startedAt: 100 }
  const [process] = identify(hostOf(options), [finding(40, 'plain.service')], 5).stale
  assert.ok(process)
  assert.equal(isStillThere(hostOf(options), process), true)
  assert.equal(isStillThere(hostOf({ ...options, command: 'renamed itself' }), process), true)
  assert.equal(isStillThere(hostOf({ ...options, startedAt: 101 }), process), false)
  assert.equal(isStillThere(hostOf({ ...options, cgroup: OTHER }), process), false)
  assert.equal(isStillThere(hostOf({ ...options, cgroup: USERS }), process), false)
  assert.equal(isStillThere(new Host(makeTree({})), process), false)
})

test('its cgroups, as a cgroup namespace of another kind shows them', () => {
  const cgroup = '4:memory:/\n1:name=systemd:/../../system.slice/plain.service/sub\n0::/\n'
  const host = hostOf({ cgroup, startedAt: 100 })
  const [process] = identify(host, [finding(40, 'plain.service')], 5).stale
  assert.ok(process)
  assert.equal(isBelow(process, '/system.slice/plain.service'), true)
  assert.equal(isBelow(process, '/system.slice/plain.serv'), false)
  assert.equal(isBelow(process, ''), false, 'of a unit that has none')
})
