import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Config, DEFAULTS } from '../../src/config/config.ts'
import {
  refuseAlong,
  refuseProcess,
  refuseTriggered,
  refuseUnit,
  type RestartRules,
} from '../../src/restart/refusal.ts'
import type { Occupant } from '../../src/proc/occupants.ts'
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
const program = (executable: string, more: Partial<Occupant> = {}): Occupant => ({
  pid: 41,
  startedAt: 1,
  container: false,
  executable,
  replaced: false,
  devices: [],
  ...more,
})
const RULES: RestartRules = { config: DEFAULTS, own, occupants: () => [], upgrades: () => [] }

for (const [what, name, lines, why] of [
  ['a plain service', 'a.service', '', undefined],
  ['an unknown one', 'a.service', 'LoadState=not-found\nControlGroup=', /does not know these/],
  ['one that was renamed', 'a.service', 'LoadState=not-found', /^a.service has no file any more/],
  ['one that is masked', 'a.service', 'LoadState=masked', /^it is masked/],
  ['one with a bad file', 'a.service', 'LoadState=bad-setting', /file \(bad-setting\): see/],
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
  ['one with KillMode=none', 'a.service', 'KillMode=none', /^KillMode=none.* beside the new$/],
  [
    'SendSIGKILL=no',
    'mariadb.service',
    'SendSIGKILL=no',
    /^SendSIGKILL=no: if it stops too slowly/,
  ],
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
    const refusal = refuseUnit(runningUnit(name, lines), [staleProcess(name)], RULES)
    if (why instanceof RegExp) assert.match(refusal?.why ?? '', why)
    else assert.equal(refusal?.why, why)
  })
}

const ALL = 'CapabilityBoundingSet=cap_chown cap_net_admin cap_net_raw'
for (const [what, lines, why] of [
  [
    'before network.target',
    `${ALL}\nBefore=shutdown.target network.target`,
    /^the network .* it starts before/,
  ],
  ['before network-pre.target', `${ALL}\nBefore=network-pre.target`, /^the network /],
  [
    'with CAP_NET_ADMIN',
    'AmbientCapabilities=cap_net_raw cap_net_admin',
    /^the network .* given CAP_NET_ADMIN/,
  ],
  ['before remote-fs-pre.target', 'Before=remote-fs-pre.target', /^the storage /],
  ['before local-fs-pre.target', 'Before=local-fs-pre.target', /^the storage /],
  [
    'like resolved, which cannot',
    'CapabilityBoundingSet=cap_net_raw\nBefore=network.target',
    undefined,
  ],
  ['like sshd, after all of it', `${ALL}\nAfter=network.target remote-fs-pre.target`, undefined],
] as const) {
  test(`the unit itself tells: one ${what}`, () => {
    const refusal = refuseUnit(runningUnit('x.service', lines), [staleProcess('x.service')], RULES)
    if (why === undefined) assert.equal(refusal, undefined)
    else assert.match(refusal?.why ?? '', why)
  })
}

for (const name of `openvswitch ovs-vswitchd tailscaled zerotier-one nebula@home netbird wg-quick@wg0
  flanneld calico-node cilium connman haproxy iscsid multipathd ceph-osd@1 ceph-mon@a corosync
  pacemaker drbd glusterd nfs-server rpcbind`.split(/\s+/)) {
  test(`only a name tells: ${name}`, () => {
    const unit = `${name}.service`
    const refused = (config: Config) =>
      refuseUnit(runningUnit(unit), [staleProcess(unit)], { ...RULES, config })?.why ?? ''
    assert.match(refused(DEFAULTS), /^the (network|storage|cluster) may /)
    assert.equal(refused({ ...DEFAULTS, restartAllow: [unit] }), '')
  })
}

for (const [what, found, why] of [
  [
    'a machine',
    program('/usr/bin/qemu-system-x86_64'),
    /would stop, .* \(\/usr\/bin\/qemu-system-x86_64, PID 41\)$/,
  ],
  ['nspawn', program('/usr/bin/systemd-nspawn', { replaced: true }), /^containers /],
  ['a Quadlet', program('/usr/bin/conmon'), /^containers /],
  ['LXC', program('/usr/bin/lxc-start'), /^containers /],
  ['firecracker', program('/opt/fc/firecracker-v1.7'), /^containers /],
  ['a cloud hypervisor', program('/usr/bin/cloud-hypervisor'), /^containers /],
  [
    'a machine by its device',
    program('/opt/vm/run', { devices: ['/dev/kvm'] }),
    /\/dev\/kvm, PID 41/,
  ],
  ['a container’s process', program('', { container: true }), /^containers /],
  ['a kubelet', program('/opt/node/kubelet'), /another version of Kubernetes/],
  ['a containerd', program('/usr/local/bin/containerd'), /^containers /],
  ['a tunnel', program('/opt/vpn', { devices: ['/dev/null', '/dev/net/tun'] }), /^the network /],
  ['a file system', program('/usr/bin/sshfs', { devices: ['/dev/fuse'] }), /^the storage /],
  ['a watchdog', program('/usr/bin/w', { devices: ['/dev/watchdog0'] }), /reset the host/],
  ['nothing of it', program('/usr/bin/nginx', { devices: ['/dev/null', '/dev/kvmx'] }), undefined],
  ['a guest’s agent', program('/usr/bin/qemu-ga'), undefined],
] as const) {
  test(`whatever its name, a unit that runs ${what}`, () => {
    const rules = { ...RULES, occupants: () => [program('/usr/bin/sh'), found] }
    const unit = runningUnit('web.service')
    const refused = [
      refuseUnit(unit, [staleProcess('web.service')], rules),
      refuseAlong(unit, rules),
    ]
    for (const refusal of refused) {
      if (why === undefined) assert.equal(refusal, undefined)
      else assert.match(refusal?.why.replace(/^web.service would.*?: /, '') ?? '', why)
    }
  })
}

test('what cannot be seen is left alone', () => {
  const occupants = () => {
    throw new Error('denied')
  }
  const unit = runningUnit('web.service')
  const refusal = refuseUnit(unit, [staleProcess('web.service')], { ...RULES, occupants })
  assert.equal(refusal?.why, 'what runs in it cannot be seen: denied')
})

test('a sub-cgroup belongs to its unit', () => {
  const process = staleProcess('a.service', { cgroups: ['/', '/system.slice/a.service/sub/x'] })
  assert.equal(refuseUnit(runningUnit('a.service'), [process], RULES), undefined)
})

test('configured: never goes before allow, and neither makes the impossible possible', () => {
  const config = {
    ...DEFAULTS,
    restartNever: ['db*.service'],
    restartAllow: ['d*.service', 'pacman-*', 'a.service'],
  }
  const why = (name: string, lines = '') =>
    refuseUnit(runningUnit(name, lines), [staleProcess(name)], { ...RULES, config })?.why
  assert.equal(why('dbus.service'), 'never = db*.service')
  assert.equal(why('docker.service'), undefined)
  assert.equal(why('a.service', 'Type=oneshot'), undefined)
  assert.match(why('a.service', 'RefuseManualStop=yes') ?? '', /RefuseManualStop/)
  assert.equal(why('pacman-cache-update.service'), 'it runs pacman')
  assert.equal(why('pacman-upgrade.service'), 'this command runs in it')
})

test('along with another: no unit that is refused by itself, nor one that would only stop', () => {
  assert.equal(refuseAlong(runningUnit('b.service'), RULES), undefined)
  assert.equal(refuseAlong(runningUnit('b.socket'), RULES), undefined)
  assert.match(refuseAlong(own, RULES)?.why ?? '', /this command runs in it/)
  for (const lines of ['KillMode=none', 'SendSIGKILL=no', 'AmbientCapabilities=cap_net_admin']) {
    assert.match(
      refuseAlong(runningUnit('b.service', lines), RULES)?.why ?? '',
      /^b\.service would/,
    )
  }
  const mount = refuseAlong(runningUnit('srv.mount'), RULES)
  assert.equal(mount?.why, 'srv.mount would be restarted with it: it would be stopped')
})

test('a service for one connection; not one that a socket starts once', () => {
  const sockets = (accept: string) => [runningUnit('a.socket', `Accept=${accept}`)]
  assert.match(refuseTriggered(sockets('yes'))?.why ?? '', /connection/)
  assert.equal(refuseTriggered(sockets('no')), undefined)
})
