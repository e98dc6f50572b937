import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { Occupants } from '../../src/proc/occupants.ts'
import { processTree } from '../fixture/host.ts'
import { makeTree } from '../fixture/tree.ts'

const WEB = '/system.slice/web.service'
const ID = '3f1c0b9d2e7a4c58961d0e4f7a8b9c0d3f1c0b9d2e7a4c58961d0e4f7a8b9c0d'

test('the processes of a unit: their programs, and the devices that they hold', () => {
  const host = new Host(
    makeTree({
      ...processTree(40, { cgroup: `0::${WEB}\n`, exe: '/usr/bin/qemu-system-arm (deleted)' }),
      'proc/40/fd/0': { link: '/dev/null' },
      'proc/40/fd/3': { link: '/dev/kvm' },
      'proc/40/fd/4': { link: '/dev/kvm' },
      'proc/40/fd/5': { link: '/srv/dev/net/tun' },
      'proc/40/fd/6': { link: 'anon_inode:kvm-vm' },
      ...processTree(41, { cgroup: `0::${WEB}/sub\n`, exe: '/usr/bin/sh', startedAt: 700 }),
      ...processTree(42, { cgroup: '0::/system.slice/web.service2\n' }),
      // Of a container nothing else is read: its other files are missing here.
      'proc/43/cgroup': `0::${WEB}/libpod-payload-${ID}\n`,
    }),
  )
  const occupants = new Occupants(host, new Deadline(10_000))
  const found = occupants.of(WEB)
  assert.deepEqual(found[0], {
    pid: 40,
    startedAt: 1,
    container: false,
    executable: '/usr/bin/qemu-system-arm',
    replaced: true,
    devices: ['/dev/null', '/dev/kvm'],
  })
  assert.deepEqual(
    found.map(({ pid, startedAt, container, replaced }) => [pid, startedAt, container, replaced]),
    [
      [40, 1, false, true],
      [41, 7, false, false],
      [43, 0, true, false],
    ],
  )
  assert.deepEqual(occupants.of(''), [], 'a unit that does not run')
})

test('what cannot be read is an error, and so is the end of the time', () => {
  const { 'proc/40/exe': _, ...tree } = processTree(40, { cgroup: `0::${WEB}\n` })
  const unreadable = new Host(makeTree(tree))
  assert.throws(() => new Occupants(unreadable, new Deadline(10_000)).of(WEB), /ENOENT.*exe/)
  const many = new Host(
    makeTree({
      ...processTree(40, { cgroup: `0::${WEB}\n` }),
      'proc/40/fd/0': { link: '/dev/null' },
    }),
  )
  assert.throws(() => new Occupants(many, new Deadline(0)).of(WEB), /out of time while reading/)
})
