/** What `units install` says where a host lacks what mounts NFS, or a unit does not start. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { startAdvice } from '../../src/units/warnings.ts'
import { makeTree } from '../fixture/tree.ts'

const MOUNT = 'var-lib-pacman-sync.mount'
const NOW = 'then the same command again'

for (const [what, tree, names, expected] of [
  [
    'mounts, without nfs-utils',
    {},
    ['a.timer', MOUNT],
    `did not start: a.timer, ${MOUNT}. To do: pacman -S nfs-utils, ${NOW}`,
  ],
  [
    'mounts, with nfs-utils',
    { 'usr/bin/mount.nfs': '' },
    [MOUNT],
    `did not start: ${MOUNT}. To do: see systemctl status '${MOUNT}', ${NOW}`,
  ],
  [
    'no mount',
    {},
    ['a.timer'],
    `did not start: a.timer. To do: see systemctl status 'a.timer', ${NOW}`,
  ],
] as const) {
  test(`units that did not start: ${what}`, () => {
    assert.equal(
      startAdvice(new Host(makeTree({ etc: { directory: true }, ...tree })), names),
      expected,
    )
  })
}
