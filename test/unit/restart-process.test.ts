import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { isBelow } from '../../src/proc/cgroup.ts'
import { readMembership, readProcess } from '../../src/proc/process.ts'
import { isStillThere } from '../../src/restart/stale-process.ts'
import { processTree } from '../fixture/host.ts'
import { makeTree } from '../fixture/tree.ts'

const hostOf = (options: Parameters<typeof processTree>[1]) =>
  new Host(makeTree(processTree(40, options)))
/** The process as a scan has found it. */
function found(host: Host) {
  const [process, membership] = [readProcess(host, 40), readMembership(host, 40)]
  assert.ok(process && membership)
  return { ...process, ...membership }
}
const PLAIN = '0::/system.slice/plain.service\n'
const OTHER = '0::/system.slice/other.service\n'
const USERS = '0::/user.slice/user-1000.slice/user@1000.service/app.slice/plain.service\n'

test('before a restart: the same start in the same unit, or it is another one', () => {
  const options = { cgroup: PLAIN, startedAt: 100 }
  const process = found(hostOf(options))
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
  const process = found(host)
  assert.equal(isBelow(process.cgroups, '/system.slice/plain.service'), true)
  assert.equal(isBelow(process.cgroups, '/system.slice/plain.serv'), false)
  assert.equal(isBelow(process.cgroups, ''), false, 'of a unit that has none')
})
