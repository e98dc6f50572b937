import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { systemdInvocation } from '../../src/host/caller.ts'
import { readLog } from '../../src/pacman/log/log.ts'
import { readLogSince } from '../../src/pacman/log/log.ts'
import { readRunStart, type RunStart, writeRunStart } from '../../src/record/run-start.ts'
import {
  keepLastEnd,
  readRunRecord,
  type RunRecord,
  writeRunRecord,
} from '../../src/record/run-record.ts'
import { recordRun } from '../../src/record/record.ts'
import { renderRecord } from '../../src/commands/record.ts'
import { BEGUN, COMPLETED, CUT_OFF } from '../fixture/pacman-log.ts'
import { makeTree } from '../fixture/tree.ts'

const record = (outcome: RunRecord['outcome'], reason = ''): RunRecord => ({
  job: 'upgrade',
  outcome,
  reason,
  problems: [],
  packages: 0,
  endedAt: '2026-11-25T20:00:00.000Z',
  bootId: 'one',
})

test('a record is read back; there may be none; garbage is an error', () => {
  const root = makeTree({ 'var/lib/kured-sentinel/run-download.json': '{"version":1,"job":"x"}' })
  const host = new Host(root)
  assert.equal(readRunRecord(host, 'upgrade'), undefined)
  writeRunRecord(host, record('completed'))
  assert.deepEqual(readRunRecord(host, 'upgrade'), record('completed'))
  assert.throws(() => readRunRecord(host, 'download'), /run-download is not one of this program/)
})

test('a mark is read back; garbage is an error', () => {
  const root = makeTree({ 'var/lib/kured-sentinel/mark-upgrade.json': '{"version":1}' })
  const host = new Host(root)
  const log = { inode: '7', bytes: 12 }
  const mark = {
    invocationId: 'a',
    bootId: 'b',
    startedAt: 'c',
    verdict: 'go',
    reason: '',
    log,
  } as const
  writeRunStart(host, 'download', mark)
  assert.deepEqual(readRunStart(host, 'download'), mark)
  assert.throws(() => readRunStart(host, 'upgrade'), /mark-upgrade is not one of this program/)
})

test('the last run with work outlives those without', () => {
  const completed = record('completed', '4 packages')
  const skipped = keepLastEnd(record('skipped', 'not mounted'), completed)
  assert.deepEqual(skipped.lastEnd, completed)
  assert.deepEqual(keepLastEnd(record('skipped'), skipped).lastEnd, completed)
  assert.deepEqual(keepLastEnd(record('nothing-to-do'), skipped).lastEnd, completed)
  assert.equal(keepLastEnd(record('skipped'), record('skipped')).lastEnd, undefined)
  assert.equal(keepLastEnd(record('skipped'), undefined).lastEnd, undefined)
})

const ID = '9036f44402da4a8f9664ac4d7b582667'
for (const [what, env, expected] of [
  ['by systemd', { INVOCATION_ID: ID, SYSTEMD_EXEC_PID: '7' }, ID],
  ['from a shell below a service', { INVOCATION_ID: ID, SYSTEMD_EXEC_PID: '6' }, undefined],
  ['from a shell', {}, undefined],
  ['with a strange ID', { INVOCATION_ID: '../x', SYSTEMD_EXEC_PID: '7' }, undefined],
] as const) {
  test(`run ${what}`, () => assert.equal(systemdInvocation({ env, pid: 7 }), expected))
}

const LOG = '/var/log/pacman.log'
const line = (text: string) => `[2026-11-24T00:15:44+0000] [ALPM] ${text}\n`

for (const [title, name, expected] of [
  ['moved', 'pacman.log.1', ['mid', 'new']],
  ['moved, with a date', 'pacman.log-20261125', ['mid', 'new']],
  ['moved far away', '../pacman.log.1', ['new']],
] as const) {
  test(`a log that was ${title}`, () => {
    const root = makeTree({ [LOG]: line('old') })
    const host = new Host(root)
    const { end } = readLog(host, LOG)
    writeFileSync(join(root, LOG), line('old') + line('mid'))
    renameSync(join(root, LOG), join(root, 'var/log', name))
    const moved = readLogSince(host, LOG, end).map(({ text }) => text)
    assert.deepEqual(moved, expected.slice(0, -1), 'before there is a new one')
    writeFileSync(join(root, LOG), line('new'))
    assert.deepEqual(
      readLogSince(host, LOG, end).map(({ text }) => text),
      expected,
    )
  })
}

test('a log that was not there yet, and one that is read whole', () => {
  const root = makeTree({ 'var/log/pacman.log.1': line('older') })
  const host = new Host(root)
  const { end } = readLog(host, LOG)
  writeFileSync(join(root, LOG), line('new'))
  assert.deepEqual(
    readLogSince(host, LOG, end).map(({ text }) => text),
    ['new'],
  )
  assert.deepEqual(
    readLogSince(host, LOG).map(({ text }) => text),
    ['new'],
  )
})

function hostWith(files: Record<string, string>): Host {
  const boot = { 'proc/sys/kernel/random/boot_id': 'two\n', 'etc/pacman.conf': '[options]\n' }
  return new Host(makeTree({ ...boot, ...files }))
}

/** A host with pacman.log and state as given, on which `record upgrade` runs with that end. */
function recordOn(files: Record<string, string>, env: NodeJS.ProcessEnv, host = hostWith(files)) {
  const kept = recordRun(host, 'upgrade', '/etc/pacman.conf', { env, pid: 7 })
  assert.deepEqual(readRunRecord(host, 'upgrade'), kept)
  return kept
}

const STATE = 'var/lib/kured-sentinel'
const SUCCESS = { SERVICE_RESULT: 'success', EXIT_CODE: 'exited', EXIT_STATUS: '0' }
const timed = (log: string) => log.replace(/^\[/gm, '[2026-11-24T00:15:44+0000] [').trimStart()

test('a run is recorded without a mark, and over states that are garbage', () => {
  for (const files of [
    {},
    { [`${STATE}/run-upgrade.json`]: '{', [`${STATE}/mark-upgrade.json`]: '' },
  ]) {
    const kept = recordOn({ 'var/log/pacman.log': timed(COMPLETED), ...files }, SUCCESS)
    assert.deepEqual([kept.outcome, kept.packages, kept.bootId], ['completed', 2, 'two'])
  }
})

test('a run without a log is recorded, as failed', () => {
  const kept = recordOn({}, SUCCESS)
  assert.deepEqual([kept.outcome, kept.packages], ['failed', 0])
})

/** What the preflight of a run in the boot before has left. */
const MARK: RunStart = {
  invocationId: ID,
  bootId: 'one',
  startedAt: '2026-11-24T00:15:40.000Z',
  verdict: 'go',
  reason: '',
  log: { inode: 'gone', bytes: 7 },
}

/** A state file as it stands on the disk. */
const stateFile = (name: string, state: object) => ({
  [`${STATE}/${name}.json`]: JSON.stringify({ version: 1, ...state }),
})

const SKIP = { SERVICE_RESULT: 'exec-condition' }
const invocation = (id: string) => ({ INVOCATION_ID: id, SYSTEMD_EXEC_PID: '7' })

test('a run that a power cut ended is recorded once, and kept behind a skip', () => {
  const files = { 'var/log/pacman.log': timed(CUT_OFF), ...stateFile('mark-upgrade', MARK) }
  const { outcome, lastEnd } = recordOn(files, SKIP)
  assert.equal(outcome, 'skipped')
  assert.deepEqual(
    [lastEnd?.outcome, lastEnd?.packages, lastEnd?.bootId, lastEnd?.invocationId],
    ['interrupted', 1, 'one', ID],
  )
  assert.match(lastEnd?.reason ?? '', /^the host went down in mid-transaction/)
  const known = { ...record('completed'), invocationId: ID }
  const again = recordOn({ ...files, ...stateFile('run-upgrade', known) }, SKIP)
  assert.equal(again.lastEnd?.outcome, 'completed')
})

test('a run whose record was killed has ended in this boot', () => {
  const mark = stateFile('mark-upgrade', { ...MARK, bootId: 'two' })
  const { lastEnd } = recordOn({ 'var/log/pacman.log': timed(COMPLETED), ...mark }, SKIP)
  assert.deepEqual([lastEnd?.outcome, lastEnd?.packages], ['completed', 2])
})

test('a preflight that let no run begin, and the run’s own, tell of no run that was lost', () => {
  for (const mark of [
    { ...MARK, verdict: 'skip' },
    { ...MARK, verdict: 'act' },
  ]) {
    assert.equal(recordOn(stateFile('mark-upgrade', mark), SKIP).lastEnd, undefined)
  }
  const own = { SERVICE_RESULT: 'resources', ...invocation(ID) }
  const notStarted = recordOn(stateFile('mark-upgrade', MARK), own)
  assert.deepEqual([notStarted.outcome, notStarted.lastEnd], ['failed', undefined])
})

test('what the preflight of another run has left is no reason for this one', () => {
  const mark = { ...MARK, verdict: 'act', reason: 'stale lock' }
  const files = { 'var/log/pacman.log': timed(COMPLETED), ...stateFile('mark-upgrade', mark) }
  const kept = recordOn(files, { ...SUCCESS, ...invocation('a'.repeat(32)) })
  assert.deepEqual([kept.outcome, kept.startedAt], ['completed', undefined])
})

test('a run with nothing to do keeps the one before it', () => {
  const files = {
    'var/log/pacman.log': timed(BEGUN),
    ...stateFile('run-upgrade', record('failed', 'x')),
  }
  const { outcome, lastEnd } = recordOn(files, SUCCESS)
  assert.deepEqual([outcome, lastEnd?.reason], ['nothing-to-do', 'x'])
})

test('a run that was recorded is never taken for lost, whatever becomes of the preflights after it', () => {
  const host = hostWith({ 'var/log/pacman.log': timed(COMPLETED) })
  writeRunStart(host, 'upgrade', MARK)
  const first = recordOn({}, { ...SUCCESS, ...invocation(ID) }, host)
  // Two preflights that the kernel ended for their memory leave no mark.
  const killed = { SERVICE_RESULT: 'signal' }
  for (const id of ['a'.repeat(32), 'b'.repeat(32)]) {
    const { lastEnd } = recordOn({}, { ...killed, ...invocation(id) }, host)
    assert.deepEqual(lastEnd, first)
  }
})

for (const [outcome, problems, expected] of [
  ['completed', [], '<6>upgrade completed: why\n'],
  ['completed', ['a', 'b', 'c', 'd\n'], '<4>upgrade completed: why; a; b; c; and 1 more\n'],
  ['skipped', [], '<5>upgrade skipped: why\n'],
  ['interrupted', ['a\u001b'], '<3>upgrade interrupted: why; a\\u001b\n'],
  ['failed', [], '<3>upgrade failed: why\n'],
] as const) {
  test(`in the journal: ${expected.trim()}`, () => {
    assert.equal(renderRecord({ ...record(outcome, 'why'), problems: [...problems] }), expected)
  })
}
