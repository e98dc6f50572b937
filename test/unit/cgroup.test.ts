import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCgroup } from '../../src/proc/cgroup.ts'

const ID = '3f1c0b9d2e7a4c58961d0e4f7a8b9c0d3f1c0b9d2e7a4c58961d0e4f7a8b9c0d'
const POD = 'pod8d6c1f3a-2b4e-4f6a-9c8d-7e5f3a1b2c4d'

for (const [cgroup, unit] of [
  ['0::/system.slice/sshd.service', 'sshd.service'],
  ['0::/system.slice/system-getty.slice/getty@tty1.service', 'getty@tty1.service'],
  ['0::/system.slice/systemd-udevd.service/udev', 'systemd-udevd.service'],
  ['0::/init.scope', 'init.scope'],
  ['0::/user.slice/user-1000.slice/session-3.scope', 'session-3.scope'],
  ['0::/user.slice/user-1000.slice/user@1000.service/init.scope', 'init.scope'],
  [
    '0::/user.slice/user-1000.slice/user@1000.service/app.slice/pipewire.service',
    'pipewire.service',
  ],
  ['0::/user.slice/user-1000.slice/user@1000.service', 'user@1000.service'],
  ['0::/../../../../system.slice/sshd.service', 'sshd.service'],
  ['12:cpu:/\n1:name=systemd:/system.slice/sshd.service\n0::/', 'sshd.service'],
  ['0::/system.slice/_io.podman.service', 'io.podman.service'],
  ['0::/system.slice/_cgroup.service/_memory.service', 'cgroup.service'],
  ['1:name=systemd:/_io.slice/__own.service\n0::/', '_own.service'],
  ['0::/', undefined],
  ['', undefined],
] as const) {
  test(`unit of ${JSON.stringify(cgroup)}`, () => {
    assert.deepEqual([parseCgroup(cgroup).unit, parseCgroup(cgroup).container], [unit, false])
  })
}

for (const cgroup of [
  `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-${POD}.slice/cri-containerd-${ID}.scope`,
  `/kubepods/besteffort/${POD}/${ID}`,
  `/../../${POD}/${ID}`,
  `/../cri-containerd-${ID}.scope`,
  `/machine.slice/libpod-${ID}.scope/container`,
  `/system.slice/web.service/libpod-payload-${ID}`,
  `/system.slice/crio-${ID}.scope`,
  `/system.slice/docker-${ID}.scope`,
  `/system.slice/nerdctl-${ID}.scope`,
  `/docker/${ID}`,
  '/lxc.payload.web/system.slice/sshd.service',
  '/machine.slice/systemd-nspawn@arch.service/payload/init.scope',
  '/machine.slice/machine-arch.scope/payload',
]) {
  test(`container: ${cgroup}`, () => {
    assert.equal(parseCgroup(`0::${cgroup}\n`).container, true)
    assert.equal(parseCgroup(`5:memory:${cgroup}\n1:name=systemd:/\n0::/\n`).container, true)
  })
}

test('the host programs that look after containers are not in one', () => {
  for (const cgroup of [
    '/system.slice/containerd.service',
    '/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator',
    `/machine.slice/libpod-conmon-${ID}.scope`,
    `/system.slice/libpod-conmon-${ID}.scope`,
    '/lxc.monitor.web',
  ]) {
    assert.equal(parseCgroup(`0::${cgroup}`).container, false, cgroup)
  }
})

test('only user.slice makes a person’s process', () => {
  assert.equal(parseCgroup('0::/user.slice/user-0.slice/session-1.scope').userSlice, true)
  assert.equal(parseCgroup('0::/system.slice/user.slice/x.service').userSlice, false)
})

test('below a user manager names prove nothing: a rootless container shows by its root', () => {
  const own = '0::/user.slice/user-1000.slice/user@1000.service/user.slice'
  for (const name of [`libpod-${ID}.scope`, 'kubepods.slice/x.scope']) {
    assert.equal(parseCgroup(`${own}/${name}`).container, false)
  }
})
