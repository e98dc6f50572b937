/** Which lock a repair may remove: never one that somebody may hold. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULTS } from '../../src/config/config.ts'
import { SentinelError } from '../../src/errors.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { noteLeftLock, readLock } from '../../src/pacman/lock.ts'
import type { RunRecord } from '../../src/record/run-record.ts'
import { removableLock, wasCut } from '../../src/repair/plan.ts'
import { hostTree, processTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const LOCK = 'var/lib/pacman/db.lck'
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)

const holds = (cgroup: string, path: string): Tree => ({
  ...processTree(30, { command: 'pacman', cgroup }),
  'proc/30/fd': { directory: true },
  'proc/30/fd/7': { link: path },
  'proc/30/fdinfo/7': 'flags:\t0100301\nmnt_id:\t28\n',
})
const HOLDERS: Record<string, Tree> = {
  nobody: {},
  'a pacman of this host': holds('0::/system.slice/x.service\n', '/var/lib/pacman/db.lck'),
  'a container': holds(
    '0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope\n',
    '/srv/host/var/lib/pacman/db.lck',
  ),
}
/** hostTree() is up for 5000 s. */
const AGES = { 'an earlier boot': 100, 'this boot, long ago': 80, 'this boot': 1 }

for (const [who, holder] of Object.entries(HOLDERS)) {
  for (const [when, minutes] of Object.entries(AGES)) {
    for (const noted of ['no end', 'its own end', 'another lock’s end']) {
      const isSafe = who === 'nobody' && (minutes === 100 || noted === 'its own end')
      test(`a lock of ${when}, held by ${who}, ${noted} seen: ${isSafe ? 'removed' : 'kept'}`, () => {
        const lock = { content: '', modified: minutesAgo(minutes) }
        const host = new Host(makeTree(hostTree({ [LOCK]: lock, ...holder })))
        const dbPath = '/var/lib/pacman'
        const found = readLock(host, dbPath)
        assert.ok(found)
        if (noted === 'its own end') noteLeftLock(host, found)
        if (noted === 'another lock’s end') {
          noteLeftLock(host, { path: '/etc/pacman.conf', madeAt: found.madeAt })
        }
        const ask = () => removableLock(host, dbPath, DEFAULTS, new Deadline(20_000))
        if (isSafe) assert.deepEqual(ask(), { lock: found.path })
        else assert.throws(ask, SentinelError)
      })
    }
  }
}

const RUN: RunRecord = {
  job: 'upgrade',
  outcome: 'completed',
  reason: '',
  problems: ['x.hook: command failed to execute correctly'],
  packages: 1,
  plan: ['linux', 'glibc'],
  endedAt: '2026-01-01T00:00:00Z',
  bootId: '1',
}
const CUTS: [what: string, record: RunRecord | undefined, names: string[], isOwn: boolean][] = [
  ['a hook of the upgrade failed', RUN, ['linux'], true],
  ['a hook failed, and a person’s pacman was cut', RUN, ['linux', 'vim'], false],
  ['all was well, and then something was damaged', { ...RUN, problems: [] }, ['linux'], false],
  ['it was cut', { ...RUN, outcome: 'interrupted', problems: [] }, ['glibc'], true],
  ['it was cut, and is repaired', { ...RUN, outcome: 'interrupted', repaired: true }, [], false],
  [
    'it was cut, is repaired, and then there was nothing to do',
    {
      ...RUN,
      outcome: 'nothing-to-do',
      problems: [],
      lastEnd: { ...RUN, outcome: 'interrupted', repaired: true },
    },
    ['glibc'],
    false,
  ],
  ['there was none', undefined, ['linux'], false],
]
for (const [what, record, names, expected] of CUTS) {
  test(`whether the night repairs: ${what}`, () => assert.equal(wasCut(record, names), expected))
}
