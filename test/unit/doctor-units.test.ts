/** What `doctor` makes of the units, the mounts they need, and what the host remembers. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Directory,
  judgeDirectory,
  type Wanted,
  wantedPlace,
} from '../../src/doctor/directory.ts'
import { state } from '../../src/doctor/state.ts'
import { judgeJob } from '../../src/doctor/units.ts'
import { DEFAULTS, type UnitOptions } from '../../src/units/options.ts'
import { downloadService, upgradeService } from '../../src/units/services.ts'
import type { UnitStatus } from '../../src/units/status.ts'
import type { Outcome, RunRecord } from '../../src/record/run-record.ts'
import { said, shown } from '../fixture/doctor.ts'
import { hostTree } from '../fixture/host.ts'
import type { Tree } from '../fixture/tree.ts'

const OURS = upgradeService(DEFAULTS).text
const NEXT = Date.UTC(2026, 10, 26, 0, 17)

const timer = (more: Partial<UnitStatus> = {}): UnitStatus => ({
  name: 'pacman-upgrade.timer',
  path: '/usr/lib/systemd/system/pacman-upgrade.timer',
  author: 'generated',
  dropIns: [],
  enabled: 'enabled',
  active: 'active',
  next: NEXT,
  ...more,
})
const service = (more: Partial<UnitStatus> = {}): UnitStatus => ({
  name: 'pacman-upgrade.service',
  path: '/usr/lib/systemd/system/pacman-upgrade.service',
  author: 'generated',
  dropIns: [],
  enabled: '',
  active: 'inactive',
  ...more,
})
const run = (outcome: Outcome, more: Partial<RunRecord> = {}): RunRecord => ({
  job: 'upgrade',
  bootId: 'b',
  outcome,
  reason: '',
  problems: [],
  packages: 3,
  endedAt: '2026-11-25T00:12:30.000Z',
  ...more,
})

const upgrade = (status: UnitStatus[], text = OURS, chosen: UnitOptions = DEFAULTS) =>
  shown(judgeJob('upgrade', status, () => text, chosen))
const ON = 'ok: pacman-upgrade.timer is enabled; next run 2026-11-26T00:17Z'
const LAST = 'the last upgrade, at 2026-11-25T00:12Z,'

const JOBS: [what: string, status: UnitStatus[], lines: string[]][] = [
  [
    'enabled, and not run yet',
    [timer(), service()],
    [ON, 'ok: pacman-upgrade.service has not run yet'],
  ],
  [
    'nothing is installed',
    [],
    ['warning: pacman-upgrade.timer is not installed: this host does not upgrade by itself'],
  ],
  [
    'disabled: its last run is past',
    [timer({ enabled: 'disabled' }), service({ run: run('failed') })],
    ['warning: pacman-upgrade.timer is disabled: this host does not upgrade by itself'],
  ],
  [
    'masked',
    [timer({ enabled: 'masked' })],
    ['warning: pacman-upgrade.timer is masked: this host does not upgrade by itself'],
  ],
  [
    'enabled and not started',
    [timer({ active: 'inactive' }), service()],
    [
      'warning: pacman-upgrade.timer is enabled, but was not started',
      'ok: pacman-upgrade.service has not run yet',
    ],
  ],
  ['a timer without its service', [timer()], [ON, 'wrong: there is no pacman-upgrade.service']],
  [
    'changed on the disk, by a drop-in too',
    [
      timer({ needsReload: true }),
      service({
        needsReload: true,
        dropIns: ['/etc/systemd/system/pacman-upgrade.service.d/x.conf'],
      }),
    ],
    [
      'warning: pacman-upgrade.timer has changed since systemd read it',
      'ok: pacman-upgrade.service is changed by /etc/systemd/system/pacman-upgrade.service.d/x.conf',
      'warning: pacman-upgrade.service has changed since systemd read it',
      'ok: pacman-upgrade.service has not run yet',
    ],
  ],
  [
    'edited',
    [timer(), service({ author: 'edited', path: '/etc/systemd/system/pacman-upgrade.service' })],
    [
      ON,
      'warning: /etc/systemd/system/pacman-upgrade.service was edited: it may lack what protects an upgrade',
      'ok: pacman-upgrade.service has not run yet',
    ],
  ],
  [
    'the seed’s own',
    [timer(), service({ author: 'foreign', path: '/etc/systemd/system/pacman-upgrade.service' })],
    [
      ON,
      'warning: /etc/systemd/system/pacman-upgrade.service is not this program’s: it may lack what protects an upgrade',
      'ok: pacman-upgrade.service has not run yet',
    ],
  ],
  [
    'completed',
    [timer(), service({ run: run('completed') })],
    [ON, `ok: ${LAST} completed: 3 packages`],
  ],
  [
    'nothing to do',
    [timer(), service({ run: run('nothing-to-do') })],
    [ON, `ok: ${LAST} found nothing to do`],
  ],
  [
    'skipped by its preflight',
    [
      timer(),
      service({
        run: run('skipped', { reason: 'x is not mounted' }),
        // When systemd had met the conditions: the preflight ends later.
        skip: { at: Date.UTC(2026, 10, 25, 0, 12, 29), why: 'x is not mounted' },
      }),
    ],
    [ON, `warning: ${LAST} was skipped: x is not mounted`],
  ],
  [
    'skipped by a condition, a night after its preflight skipped it',
    [
      timer(),
      service({
        run: run('skipped', { reason: 'x is not mounted' }),
        skip: { at: NEXT, why: 'ConditionX=y was not met' },
      }),
    ],
    [
      ON,
      `warning: ${LAST} was skipped: x is not mounted`,
      'warning: the upgrade was skipped at 2026-11-26T00:17Z: ConditionX=y was not met',
    ],
  ],
  [
    'skipped by a condition, after a run that completed',
    [
      timer(),
      service({ run: run('completed'), skip: { at: NEXT, why: 'ConditionX=y was not met' } }),
    ],
    [
      ON,
      `ok: ${LAST} completed: 3 packages`,
      'warning: the upgrade was skipped at 2026-11-26T00:17Z: ConditionX=y was not met',
    ],
  ],
  [
    'interrupted',
    [timer(), service({ run: run('interrupted', { reason: 'the power went' }) })],
    [ON, `wrong: ${LAST} was interrupted: the power went`],
  ],
  [
    'failed, and systemd says so too',
    [timer(), service({ active: 'failed', run: run('failed', { reason: 'disk full' }) })],
    [ON, 'wrong: pacman-upgrade.service has failed', `wrong: ${LAST} failed: disk full`],
  ],
  [
    'exit 0, and a hook failed',
    [timer(), service({ run: run('completed', { problems: ['command failed: mkinitcpio'] }) })],
    [ON, `wrong: ${LAST} completed with problems: command failed: mkinitcpio`],
  ],
  [
    'a record that cannot be read',
    [timer(), service({ problem: 'run-upgrade.json cannot be read' })],
    [ON, 'wrong: pacman-upgrade.service: run-upgrade.json cannot be read'],
  ],
]

for (const [what, status, lines] of JOBS) {
  test(`units: ${what}`, () => assert.deepEqual(upgrade(status), lines))
}

test('units: what an earlier run left half-way, whatever was skipped since', () => {
  const skipped = run('skipped', { reason: 'x is not mounted' })
  const after = (earlier: ReturnType<typeof run>) =>
    shown(
      judgeJob('upgrade', [timer(), service({ run: skipped })], () => OURS, DEFAULTS, earlier),
    ).slice(2)
  assert.deepEqual(after(run('completed')), [])
  assert.deepEqual(after(run('interrupted', { reason: 'the power went' })), [
    'wrong: an earlier upgrade, at 2026-11-25T00:12Z, was interrupted: the power went',
  ])
})

test('units: a file of another version, and those of each way to write it', () => {
  const status = [timer(), service()]
  const old = OURS.replace('TimeoutStopSec=25min', 'TimeoutStopSec=90s')
  assert.deepEqual(
    upgrade(status, old)[1],
    `warning: ${service().path} was written by another version of this program`,
  )
  const nfs = ['nas:/sync', 'nas:/pkg', 'nas:/fleet']
  for (const options of [{ local: true }, { syncDir: '/srv/sync' }, { nfs }]) {
    const chosen = { ...DEFAULTS, ...options }
    const { text } = upgradeService(chosen)
    assert.deepEqual(upgrade(status, text, chosen), [
      ON,
      'ok: pacman-upgrade.service has not run yet',
    ])
  }
})

test('units: the download is one host’s task', () => {
  const cache = (status: UnitStatus[]) => {
    const { text } = downloadService({ ...DEFAULTS, role: 'cache' })
    return shown(judgeJob('download', status, () => text, DEFAULTS))
  }
  const on = timer({ name: 'pacman-cache-update.timer' })
  const its = service({ name: 'pacman-cache-update.service', run: run('completed') })
  assert.deepEqual(cache([]), [
    'ok: pacman-cache-update.timer is not installed: another host fills the cache',
  ])
  assert.deepEqual(cache([{ ...on, enabled: 'disabled' }, its]), [
    'ok: pacman-cache-update.timer is disabled: another host fills the cache',
  ])
  const ended = run('completed', { packages: 0, reason: 'the packages are in the cache' })
  assert.deepEqual(
    cache([on, { ...its, run: ended }])[1],
    'ok: the last download, at 2026-11-25T00:12Z, completed: the packages are in the cache',
  )
  const { text } = upgradeService({ ...DEFAULTS, local: true })
  assert.deepEqual(shown(judgeJob('download', [service()], () => text, DEFAULTS)), [
    'warning: pacman-cache-update.timer is not installed, and this host’s cache is its own: nothing fills it',
  ])
  assert.deepEqual(cache([on, its]), [
    'ok: pacman-cache-update.timer is enabled; next run 2026-11-26T00:17Z',
    'ok: the last download, at 2026-11-25T00:12Z, completed: 3 packages',
  ])
})

const NFS: Directory = { path: '/p', mounted: { type: 'nfs4', source: 'nas:/pkg' } }
const NODE: Wanted = { mounts: true, cacheHost: false, downloadUser: undefined, types: [] }
const CACHE: Wanted = { ...NODE, cacheHost: true, downloadUser: 'alpm' }
const MOUNTED = 'ok: /p is mounted from nas:/pkg (nfs4)'

const DIRECTORIES: [what: string, directory: Directory, wanted: Wanted, lines: string[]][] = [
  ['mounted', NFS, NODE, [MOUNTED]],
  [
    'mounted, and no NFS',
    { path: '/p', mounted: { type: 'ext4', source: '/dev/sdb1' } },
    NODE,
    ['ok: /p is mounted from /dev/sdb1 (ext4), not NFS'],
  ],
  [
    'mounted, but not as configured',
    { path: '/p', mounted: { type: 'ext4', source: '/dev/sdb1' } },
    { ...NODE, types: ['nfs', 'nfs4'] },
    ['wrong: /p is mounted from /dev/sdb1 (ext4), and not by nfs or nfs4'],
  ],
  ['not mounted', { path: '/p', mounted: undefined }, NODE, ['wrong: /p is not mounted']],
  [
    'not mounted, and no unit that wants it',
    { path: '/p', mounted: undefined },
    { ...NODE, mounts: undefined },
    ['warning: /p is not mounted'],
  ],
  [
    'a cache of the host’s own',
    { path: '/p', mounted: undefined },
    { ...NODE, mounts: false },
    ['ok: /p answers; no mount is expected (--local)'],
  ],
  [
    'only an automount',
    { path: '/p', mounted: { type: 'autofs', source: 'systemd-1' } },
    NODE,
    ['wrong: /p is not mounted: only its automount is there'],
  ],
  [
    'a server that is gone',
    { ...NFS, silent: 'no answer within 5 s' },
    CACHE,
    ['wrong: /p (nas:/pkg) does not answer: no answer within 5 s'],
  ],
  [
    'an export that was made anew',
    { ...NFS, silent: 'Stale file handle' },
    NODE,
    ['wrong: /p (nas:/pkg) does not answer: Stale file handle'],
  ],
  [
    'nothing where pacman has its databases',
    { path: '/p', mounted: undefined, silent: 'No such file or directory' },
    NODE,
    ['wrong: /p does not exist'],
  ],
  [
    'the cache host may write',
    { ...NFS, squashed: false },
    CACHE,
    [MOUNTED, 'ok: /p can be written to by this cache host'],
  ],
  [
    'an ordinary user on the cache host',
    NFS,
    CACHE,
    [MOUNTED, 'unknown: only root can see whether this cache host may write to /p'],
  ],
  [
    'the cache host may not write',
    { ...NFS, unwritable: '', squashed: false },
    CACHE,
    [MOUNTED, 'wrong: /p cannot be written to: it is read-only, or its server maps root to nobody'],
  ],
  // What is there is the host's own disk: it says nothing of the share.
  [
    'the share is not mounted, and the directory below it can be written to',
    { path: '/p', mounted: undefined, squashed: false },
    CACHE,
    ['wrong: /p is not mounted'],
  ],
  [
    'the same, and no unit that tells',
    { path: '/p', mounted: undefined, unwritable: '', squashed: false },
    { ...CACHE, mounts: undefined },
    ['warning: /p is not mounted'],
  ],
  [
    'another file system than wanted, which can be written to',
    { path: '/p', mounted: { type: 'ext4', source: '/dev/sdb1' }, squashed: true },
    { ...CACHE, types: ['nfs', 'nfs4'] },
    ['wrong: /p is mounted from /dev/sdb1 (ext4), and not by nfs or nfs4'],
  ],
  [
    'a cache host with a cache of its own',
    { path: '/p', mounted: undefined, squashed: false },
    { ...CACHE, mounts: false },
    [
      'ok: /p answers; no mount is expected (--local)',
      'ok: /p can be written to by this cache host',
    ],
  ],
  [
    'root squashed, and a DownloadUser',
    { ...NFS, squashed: true },
    CACHE,
    [
      MOUNTED,
      'wrong: /p has files of nobody: its server maps root to nobody, so pacman cannot give its downloads to alpm',
    ],
  ],
  [
    'root squashed, and root downloads',
    { ...NFS, squashed: true },
    { ...CACHE, downloadUser: undefined },
    [MOUNTED, 'warning: /p has files of nobody: its server maps root to nobody'],
  ],
]

for (const [what, directory, wanted, lines] of DIRECTORIES) {
  test(`mounts: ${what}`, () => assert.deepEqual(shown(judgeDirectory(directory, wanted)), lines))
}

test('mounts: the directories that the units name, and pacman’s where they name none', () => {
  const place = (named: string | undefined, pacmans: string[]) => {
    const { path, disagreement } = wantedPlace(named, pacmans)
    return [path, ...shown(disagreement === undefined ? [] : [disagreement])]
  }
  assert.deepEqual(place(undefined, ['/a', '/b']), ['/a'])
  assert.deepEqual(place('/b', ['/a', '/b']), ['/b'])
  assert.deepEqual(place('/c', ['/a', '/b']), [
    '/c',
    'wrong: pacman-upgrade.service wants /c, and pacman uses /a and /b',
  ])
})

test('mounts: what to do about a server, and about an export that was made anew', () => {
  const gone = { path: '/db/sync', mounted: undefined, silent: 'No such file or directory' }
  assert.equal(judgeDirectory(gone, { ...NODE, mounts: false })[0]?.advice, 'pacman -Sy')
  const advice = (silent: string) => judgeDirectory({ ...NFS, silent }, NODE)[0]?.advice
  assert.match(advice('no answer within 5 s') ?? '', /whether its server is up/)
  assert.match(advice('Stale file handle') ?? '', /systemctl restart p\.mount/)
})

describe('state', () => {
  const DIRECTORY = 'var/lib/kured-sentinel'
  const bootId = '1b4e28ba-2fa1-4d17-883f-0016d3cca427'
  const hold = (left: number) =>
    JSON.stringify({ version: 1, reason: 'a new disk', until: 0, left, bootId, uptime: 5000_000 })
  const says = (files: Tree) => said(state, hostTree(files))
  const NO_HOLD = 'ok: there is no hold'
  const NO_GUARD = 'ok: no reboot was requested in an earlier boot'

  test('nothing is remembered', async () => {
    assert.deepEqual(await says({}), [NO_HOLD, NO_GUARD])
  })

  test('a hold, and one that is over', async () => {
    const none = { [`${DIRECTORY}/requests.json`]: '{"version":1,"requests":[]}' }
    const [held = '', ...rest] = await says({ ...none, [`${DIRECTORY}/hold.json`]: hold(7200_000) })
    // It is no flaw: doctor ends with 0.
    assert.match(
      held,
      /^ok: reboots are held for 2h more: a new disk \(until \d{4}-\S+Z; kured-sentinel release ends it\)$/,
    )
    assert.deepEqual(rest, [NO_GUARD])
    const over = await says({ ...none, [`${DIRECTORY}/hold.json`]: hold(-1) })
    assert.deepEqual(over, [NO_HOLD, NO_GUARD])
  })

  test('what earlier boots were for', async () => {
    const requests = [
      { cause: 'kernel linux 6.9.1-1 1000', bootId: 'earlier' },
      { cause: 'library /usr/lib/x', bootId },
    ]
    const kept = JSON.stringify({ version: 1, requests })
    assert.deepEqual(await says({ [`${DIRECTORY}/requests.json`]: kept }), [
      NO_HOLD,
      'ok: reboots were requested in earlier boots for kernel linux 6.9.1-1 1000',
    ])
  })

  test('garbage', async () => {
    const [held = '', guard = ''] = await says({
      [`${DIRECTORY}/hold.json`]: 'garbage',
      [`${DIRECTORY}/requests.json`]: '{"version":2}',
    })
    assert.match(held, /^wrong: .*hold\.json cannot be read/)
    assert.match(guard, /^warning: .*requests\.json cannot be read: it is from another version/)
  })
})
