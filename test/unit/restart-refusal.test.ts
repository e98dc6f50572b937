import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULTS } from '../../src/config/config.ts'
import {
  refuseAlong,
  refuseProcess,
  refuseTriggered,
  refuseUnit,
} from '../../src/restart/refusal.ts'
import type { UnitProcess } from '../../src/proc/process.ts'
import { runningUnit } from '../fixture/unit.ts'

function staleProcess(unit: string | undefined, more: Partial<UnitProcess> = {}): UnitProcess {
  const cgroups = [`/system.slice/${unit}`]
  return { pid: 40, command: 'c', unit, userSlice: false, startedAt: 1, cgroups, ...more }
}

for (const [what, process, why, clears] of [
  ['a service', staleProcess('a.service'), undefined, undefined],
  ['an instance', staleProcess('a@b\\x2dc:d.service'), undefined, undefined],
  ['no unit', staleProcess(undefined), 'it belongs to no unit', 'reboot'],
  ['a scope', staleProcess('libpod-conmon-1.scope'), /^a scope: /, 'reboot'],
  ['a pattern', staleProcess('*.service'), 'not a valid unit name', 'reboot'],
  ['a session', staleProcess('session-1.scope', { userSlice: true }), 'a login session', 'logout'],
  ['a user’s unit', staleProcess('sshd.service', { userSlice: true }), /^a user's own/, 'logout'],
  ['a user’s manager', staleProcess('init.scope', { userSlice: true }), /^a user's own/, 'logout'],
] as const) {
  test(`a process of ${what}`, () => {
    const refusal = refuseProcess(process)
    if (why instanceof RegExp) assert.match(refusal?.why ?? '', why)
    else assert.equal(refusal?.why, why)
    assert.equal(refusal?.clears, clears)
  })
}

const own = runningUnit('pacman-upgrade.service', 'Job=7')

for (const [what, name, lines, why] of [
  ['a plain service', 'a.service', '', undefined],
  ['an unknown one', 'a.service', 'LoadState=not-found', /does not know these/],
  ['another one’s name', 'a.service', 'ControlGroup=/x.slice/a.service', /does not know these/],
  ['a longer name', 'a.service', 'ControlGroup=/system.slice/a.serv', /does not know these/],
  ['the one we run in', own.name, '', 'this command runs in it'],
  ['the one that downloads', 'pacman-cache-update.service', '', 'it runs pacman'],
  ['RefuseManualStop=', 'a.service', 'RefuseManualStop=yes', /^RefuseManualStop=/],
  ['RefuseManualStart=', 'a.service', 'RefuseManualStart=yes', /^RefuseManualStop=/],
  ['a oneshot', 'a.service', 'Type=oneshot', /^a oneshot/],
  ['one that stops', 'a.service', 'ActiveState=deactivating', 'it is being stopped'],
  ['one that has stopped', 'a.service', 'ActiveState=failed', /^it has stopped/],
  ['one with a job', 'a.service', 'Job=8', 'systemd is about to start or stop it'],
  ['one that waits for us', 'a.service', `After=b.service ${own.name}`, /^it starts only after/],
  ['one with KillMode=process', 'a.service', 'KillMode=process', undefined],
  ['what KillMode=process left', 'a.service', 'KillMode=process\nMainPID=41', /^KillMode=process/],
  ['what KillMode=none left', 'a.service', 'KillMode=none\nMainPID=41', /^KillMode=none/],
  ['an alias', 'x.service', 'Names=x.service display-manager.service', /sessions in it would end/],
  ['the bus', 'dbus-broker.service', '', /every program on the bus/],
  ['a console', 'getty@tty1.service', '', /sessions in it/],
  ['the audit', 'auditd.service', '', /audit/],
  ['the network', 'NetworkManager.service', '', /network/],
  ['containers', 'docker.service', '', /containers and virtual machines/],
  ['machines', 'virtqemud.service', '', /containers and virtual machines/],
  ['kubelet', 'kubelet.service', '', /another version of Kubernetes/],
  ['k3s', 'k3s-agent.service', '', /another version of Kubernetes/],
  ['etcd', 'etcd.service', '', /another version of Kubernetes/],
  ['a DHCP client', 'dhcpcd@eth0.service', '', /network may go down/],
  ['a firewall, with kube-proxy’s rules in it', 'firewalld.service', '', /network may go down/],
] as const) {
  test(`a unit: ${what}`, () => {
    const refusal = refuseUnit(runningUnit(name, lines), [staleProcess(name)], own, DEFAULTS)
    if (why instanceof RegExp) assert.match(refusal?.why ?? '', why)
    else assert.equal(refusal?.why, why)
  })
}

test('a sub-cgroup belongs to its unit', () => {
  const process = staleProcess('a.service', { cgroups: ['/', '/system.slice/a.service/sub/x'] })
  assert.equal(refuseUnit(runningUnit('a.service'), [process], own, DEFAULTS), undefined)
})

test('configured: never goes before allow, and neither makes the impossible possible', () => {
  const config = {
    ...DEFAULTS,
    restartNever: ['db*.service'],
    restartAllow: ['d*.service', 'pacman-*', 'a.service'],
  }
  const why = (name: string, lines = '') =>
    refuseUnit(runningUnit(name, lines), [staleProcess(name)], own, config)?.why
  assert.equal(why('dbus.service'), 'never = db*.service')
  assert.equal(why('docker.service'), undefined)
  assert.equal(why('a.service', 'Type=oneshot'), undefined)
  assert.match(why('a.service', 'RefuseManualStop=yes') ?? '', /RefuseManualStop/)
  assert.equal(why('pacman-cache-update.service'), 'it runs pacman')
  assert.equal(why('pacman-upgrade.service'), 'this command runs in it')
})

test('along with another: no unit that is refused by itself, nor one that would only stop', () => {
  assert.equal(refuseAlong(runningUnit('b.service'), own, DEFAULTS), undefined)
  assert.equal(refuseAlong(runningUnit('b.socket'), own, DEFAULTS), undefined)
  assert.match(refuseAlong(own, own, DEFAULTS)?.why ?? '', /this command runs in it/)
  const mount = refuseAlong(runningUnit('srv.mount'), own, DEFAULTS)
  assert.equal(mount?.why, 'srv.mount would be restarted with it: it would be stopped')
})

test('a service for one connection; not one that a socket starts once', () => {
  const sockets = (accept: string) => [runningUnit('a.socket', `Accept=${accept}`)]
  assert.match(refuseTriggered(sockets('yes'))?.why ?? '', /connection/)
  assert.equal(refuseTriggered(sockets('no')), undefined)
})
