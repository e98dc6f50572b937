import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { systemdInvocation } from '../../src/host/caller.ts'
import { readLog } from '../../src/pacman/log/log.ts'
import { readLogSince } from '../../src/pacman/log/log.ts'
import { readRunStart, writeRunStart } from '../../src/record/run-start.ts'
import {
  keepLastEnd,
  readRunRecord,
  type RunRecord,
  writeRunRecord,
} from '../../src/record/run-record.ts'
import { recordRun } from '../../src/record/record.ts'
import { renderRecord } from '../../src/commands/record.ts'
import { COMPLETED, CUT_OFF } from '../fixture/pacman-log.ts'
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

test('a run that a power cut ended is recorded once, and kept behind a skip', () => {
  const mark = {
    version: 1,
    invocationId: ID,
    bootId: 'one',
    startedAt: '2026-11-24T00:15:40.000Z',
    verdict: 'go',
    reason: '',
    log: { inode: 'gone', bytes: 7 },
  }
  const files = {
    'var/log/pacman.log': timed(CUT_OFF),
    [`${STATE}/mark-upgrade.json`]: JSON.stringify(mark),
  }
  const skip = { SERVICE_RESULT: 'exec-condition' }
  const { outcome, lastEnd } = recordOn(files, skip)
  assert.equal(outcome, 'skipped')
  assert.deepEqual(
    [lastEnd?.outcome, lastEnd?.packages, lastEnd?.bootId, lastEnd?.invocationId],
    ['interrupted', 1, 'one', ID],
  )
  const known = { ...record('completed'), version: 1, invocationId: ID }
  const again = recordOn({ ...files, [`${STATE}/run-upgrade.json`]: JSON.stringify(known) }, skip)
  assert.equal(again.lastEnd?.outcome, 'completed')
})

test('a run that was recorded is never taken for lost, whatever becomes of the preflights after it', () => {
  const mark = {
    invocationId: ID,
    bootId: 'one',
    startedAt: '2026-11-24T00:15:40.000Z',
    verdict: 'go',
    reason: '',
    log: { inode: 'gone', bytes: 7 },
  } as const
  const host = hostWith({ 'var/log/pacman.log': timed(COMPLETED) })
  writeRunStart(host, 'upgrade', mark)
  const own = (invocation: string) => ({ INVOCATION_ID: invocation, SYSTEMD_EXEC_PID: '7' })
  const first = recordOn({}, { ...SUCCESS, ...own(ID) }, host)
  // Two preflights that the kernel ended for their memory leave no mark.
  const killed = { SERVICE_RESULT: 'signal' }
  for (const invocation of ['a'.repeat(32), 'b'.repeat(32)]) {
    const { lastEnd } = recordOn({}, { ...killed, ...own(invocation) }, host)
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
