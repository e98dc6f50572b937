import assert from 'node:assert/strict'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { judgeBoot } from '../../src/history/boots.ts'
import type { HistoryEntry, HistoryEvent } from '../../src/history/fields.ts'
import { appendHistory, countHistory, HISTORY_FILE, readHistory } from '../../src/history/file.ts'
import { foldSkips } from '../../src/history/fold.ts'
import { describeEvent, KINDS } from '../../src/history/kinds.ts'
import { noteEvent } from '../../src/history/note.ts'
import { Host } from '../../src/host/host.ts'
import { readReasons } from '../../src/reboot/note-gate.ts'
import { runEvent } from '../../src/record/note-run.ts'
import type { RunRecord } from '../../src/record/run-record.ts'
import { BOOT_ID, hostTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const STATE = { 'var/lib/kured-sentinel': { directory: true } } as const
const hostWith = (more: Tree = {}) => new Host(makeTree(hostTree(more)))

function stamped<E extends HistoryEvent>(event: E, bootId = 'one', second = 0) {
  const at = new Date(Date.UTC(2026, 10, 27, 12, 0, second)).toISOString()
  return { at, bootId, uptimeMs: second * 1000, ...event }
}

const release = (second: number) => stamped({ kind: 'release', by: 'root' } as const, 'one', second)

const EVENTS: readonly HistoryEvent[] = [
  {
    kind: 'upgrade',
    outcome: 'completed',
    reason: '1 package',
    packages: ['upgraded linux (1-1 -> 2-1)'],
    problems: ['a hook: command failed'],
  },
  { kind: 'download', outcome: 'failed', reason: 'no mirror' },
  { kind: 'skip', job: 'upgrade', reason: 'not mounted' },
  { kind: 'repair', outcome: 'done', packages: ['linux'], problems: [], by: 'anna' },
  {
    kind: 'keyring',
    outcome: 'installed',
    packages: ['lab-keyring 2-1'],
    problems: [],
    by: 'systemd',
  },
  { kind: 'restart', restarted: ['sshd.service'], failed: ['foo.service: no'], by: 'systemd' },
  { kind: 'reboot-asked', causes: ['kernel linux 2 3'], reasons: ['kernel 1 runs'], by: 'kured' },
  { kind: 'attention', reasons: ['x.conf:1: bad'] },
  { kind: 'reboot-useless', reasons: ['a reboot for kernel 2 did not help'] },
  {
    kind: 'gate',
    ending: 'not-now',
    reason: 'held',
    waitedMs: 5000,
    waitedFor: ['pacman'],
    by: 'kured',
  },
  { kind: 'boot', how: 'planned', previousBoot: 'one', causes: ['kernel 1 runs'], helped: 'yes' },
  { kind: 'health', verdict: 'unhealthy', reasons: ['a has failed'], by: 'systemd' },
  { kind: 'hold', reason: 'a disk', until: '2026-11-27T12:00:00.000Z', by: 'anna' },
  { kind: 'release', by: 'anna' },
  { kind: 'request', reason: 'a new disk', by: 'anna' },
  { kind: 'request-cancelled', reason: '', by: 'root' },
]

test('each kind is read back as it was written, and has words of its own', () => {
  const host = hostWith(STATE)
  assert.deepEqual(new Set(EVENTS.map(({ kind }) => kind)), new Set(Object.keys(KINDS)))
  const entries = EVENTS.map((event, index) => stamped(event, 'one', index))
  for (const entry of entries) appendHistory(host, [entry])
  assert.deepEqual(readHistory(host), { entries, unreadable: 0 })
  assert.deepEqual(EVENTS.map(describeEvent), [
    'upgrade completed: 1 package; a hook: command failed; upgraded linux (1-1 -> 2-1)',
    'download failed: no mirror',
    'upgrade skipped: not mounted',
    'taken for whole by anna: linux',
    'keyring first: lab-keyring 2-1 installed',
    'restarted by systemd: sshd.service; did not come back: foo.service: no',
    'Kured was told to reboot: kernel 1 runs',
    'attention, no reboot: x.conf:1: bad',
    'a reboot for kernel 2 did not help',
    'no reboot by Kured, after waiting 5s for pacman: held',
    'booted, as planned; a reboot was due for kernel 1 runs: it helped',
    'the node is unhealthy; a has failed',
    'held until 2026-11-27T12:00:00.000Z by anna: a disk',
    'released by anna',
    'a reboot was requested by anna: a new disk',
    'the request was cancelled by root: it was damaged',
  ])
})

test('each kind has a message ID of its own', () => {
  const ids = Object.values(KINDS).map(({ messageId }) => messageId)
  assert.equal(new Set(ids).size, ids.length)
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/)
})

test('none is missing; what is no event is counted, and takes no other along', () => {
  assert.deepEqual(readHistory(hostWith()), { entries: [], unreadable: 0 })
  const host = hostWith(STATE)
  const lines = [
    'garbage',
    '{}',
    'null',
    JSON.stringify({ ...release(1), kind: 'from a newer version' }),
    JSON.stringify({ ...release(1), kind: '__proto__' }),
    JSON.stringify({ ...release(1), by: 7 }),
    JSON.stringify({ ...release(1), uptimeMs: 'late' }),
    JSON.stringify(release(2)),
    '\0\0\0\0',
  ]
  writeFileSync(host.path(HISTORY_FILE), lines.join('\n'))
  appendHistory(host, [release(3)])
  assert.deepEqual(readHistory(host), { entries: [release(2), release(3)], unreadable: 8 })
})

test('cut off anywhere, it loses the events behind the cut, and goes on', () => {
  const host = hostWith(STATE)
  const path = host.path(HISTORY_FILE)
  appendHistory(host, [release(1), release(2), release(3)])
  const whole = readFileSync(path, 'utf8')
  const line = whole.indexOf('\n') + 1
  fc.assert(
    fc.property(fc.integer({ min: 0, max: whole.length }), (length) => {
      writeFileSync(path, whole)
      truncateSync(path, length)
      // Without its line feed a line is whole.
      const left = [1, 2, 3].filter((nth) => nth * line - 1 <= length)
      appendHistory(host, [release(4)])
      assert.deepEqual(readHistory(host).entries, [...left, 4].map(release))
    }),
    { numRuns: 60 },
  )
})

test('it stays below 1 MiB: the oldest go, and a line is bounded', () => {
  const host = hostWith(STATE)
  const long = (second: number): HistoryEntry =>
    stamped(
      { kind: 'download', outcome: 'failed', reason: 'x'.repeat(5000) } as const,
      'one',
      second,
    )
  const many = Array.from({ length: 400 }, (_, second) => long(second))
  for (let batch = 0; batch < 5; batch++) {
    appendHistory(host, many)
    assert.ok((host.lstat(HISTORY_FILE)?.size ?? 0) <= 2 ** 20)
  }
  const { entries, unreadable } = readHistory(host)
  assert.ok(entries.length > 600, `${entries.length} are kept`)
  assert.equal(unreadable, 0)
  assert.equal(entries.at(-1)?.uptimeMs, 399_000)
  assert.ok(entries.every((entry) => entry.kind === 'download' && entry.reason.length === 1000))
  const reasons = Array.from({ length: 2000 }, () => 'ß'.repeat(2000))
  appendHistory(host, [stamped({ kind: 'reboot-useless', reasons } as const)])
  const last = readHistory(host).entries.at(-1)
  assert.equal(last?.kind === 'reboot-useless' && last.reasons.length, 20)
  // Whatever has made it larger: it is small again.
  writeFileSync(host.path(HISTORY_FILE), 'x'.repeat(3 * 2 ** 20))
  appendHistory(host, [release(1)])
  assert.deepEqual(readHistory(host).entries, [release(1)])
  assert.ok((host.lstat(HISTORY_FILE)?.size ?? 0) <= 2 ** 20)
})

test('the counts over the history never fall: what makes room for others stays counted', () => {
  const host = hostWith(STATE)
  const skips = Array.from({ length: 300 }, (_, second) =>
    stamped(
      { kind: 'skip', job: 'upgrade', reason: 'x'.repeat(1000) } as const,
      'one',
      second % 60,
    ),
  )
  const restart: HistoryEvent = {
    kind: 'restart',
    restarted: ['a', 'b'],
    failed: ['c'],
    by: 'root',
  }
  appendHistory(host, [stamped(restart)])
  appendHistory(
    host,
    EVENTS.map((event) => stamped(event)),
  )
  const { counts: before } = countHistory(host)
  assert.equal(before['restart restarted'], 3)
  assert.equal(before['boot planned'], 1)
  for (let batch = 1; batch <= 8; batch++) {
    appendHistory(host, skips)
    const { counts, unreadable } = countHistory(host)
    assert.deepEqual([counts, unreadable], [{ ...before, 'skip upgrade': 300 * batch + 1 }, 0])
  }
  const { entries } = readHistory(host)
  assert.ok(entries.length < 1200, 'the oldest are gone')
  assert.ok(entries.every(({ kind }) => kind === 'skip'))
  assert.ok((host.lstat(HISTORY_FILE)?.size ?? 0) <= 2 ** 20)
})

test('the first event of a boot brings the boot along', () => {
  const host = hostWith()
  noteEvent(host, { kind: 'release', by: 'root' })
  noteEvent(host, { kind: 'release', by: 'root' })
  writeFileSync(host.path('/proc/sys/kernel/random/boot_id'), 'another\n')
  noteEvent(host, { kind: 'reboot-useless', reasons: ['no'] })
  const { entries } = readHistory(host)
  assert.deepEqual(
    entries.map(({ kind }) => kind),
    ['boot', 'release', 'release', 'boot', 'reboot-useless'],
  )
  const boots = entries.filter((entry) => entry.kind === 'boot')
  assert.deepEqual(
    boots.map(({ helped }) => helped),
    ['unknown', 'no'],
  )
  assert.equal(boots[1]?.previousBoot, entries[0]?.bootId)
})

test('what cannot be written fails nothing', () => {
  const host = hostWith({ 'var/lib/kured-sentinel/history.jsonl': { directory: true } })
  noteEvent(host, { kind: 'release', by: 'root' })
  noteEvent(new Host(makeTree({})), { kind: 'release', by: 'root' })
  const isFile = hostWith({ 'var/lib/kured-sentinel': 'a file' })
  noteEvent(isFile, { kind: 'release', by: 'root' })
  assert.throws(() => readHistory(host), /history\.jsonl cannot be read: .*not a regular file/)
})

const gate = (ending: HistoryEvent<'gate'>['ending']) =>
  stamped({ kind: 'gate', ending, reason: '', waitedMs: 0, waitedFor: [], by: 'kured' } as const)

for (const [what, earlier, ended, how] of [
  ['after the gate', [gate('down')], 'in-order', 'planned'],
  ['after the gate, whatever the journal says', [gate('down')], 'cut', 'planned'],
  ['systemd refused the gate', [gate('down'), gate('failed')], 'in-order', 'unplanned'],
  ['the gate called it off', [gate('not-now')], 'cut', 'power-cut'],
  [
    'a gate of an earlier boot',
    [gate('down'), { ...release(1), bootId: 'two' }],
    'cut',
    'power-cut',
  ],
  ['nothing known', [], 'unknown', 'unknown'],
] as const) {
  test(`how the host came to boot: ${what}`, () => {
    assert.equal(judgeBoot(earlier, ended, 'unknown').how, how)
  })
}

test('a boot has the causes of the boot before it alone, each once', () => {
  const asked = (bootId: string, ...reasons: string[]) =>
    stamped({ kind: 'reboot-asked', causes: [], reasons, by: 'kured' } as const, bootId)
  const boot = judgeBoot(
    [asked('one', 'a'), asked('two', 'b', 'c'), asked('two', 'b')],
    'cut',
    'yes',
  )
  assert.deepEqual([boot.causes, boot.previousBoot], [['b', 'c'], 'two'])
})

test('skips in a row are one, until an upgrade or another reason', () => {
  const skip = (second: number, reason: string, job: 'upgrade' | 'download' = 'upgrade') =>
    stamped({ kind: 'skip', job, reason } as const, 'one', second)
  const upgrade = stamped({
    kind: 'upgrade',
    outcome: 'completed',
    reason: '',
    packages: [],
    problems: [],
  } as const)
  const folded = foldSkips([
    skip(1, 'mount'),
    skip(2, 'mount', 'download'),
    skip(3, 'mount'),
    release(4),
    skip(5, 'mount'),
    skip(6, 'space'),
    upgrade,
    skip(7, 'space'),
  ])
  assert.deepEqual(folded, [
    skip(2, 'mount', 'download'),
    release(4),
    { ...skip(5, 'mount'), times: 3, since: skip(1, 'mount').at },
    skip(6, 'space'),
    upgrade,
    skip(7, 'space'),
  ])
})

for (const [job, outcome, kind] of [
  ['upgrade', 'completed', 'upgrade'],
  ['upgrade', 'interrupted', 'upgrade'],
  ['upgrade', 'nothing-to-do', undefined],
  ['upgrade', 'skipped', 'skip'],
  ['download', 'completed', undefined],
  ['download', 'failed', 'download'],
  ['download', 'skipped', 'skip'],
] as const) {
  test(`a ${job} that is ${outcome}: ${kind ?? 'nothing'} in the history`, () => {
    const times = { endedAt: '', bootId: '' }
    const record: RunRecord = { job, outcome, reason: '', problems: [], packages: 0, ...times }
    assert.equal(runEvent(record, [])?.kind, kind)
  })
}

test('what a reboot is for is told by the stored causes where the history has lost it', () => {
  const requests = [
    { cause: 'library /usr/lib/libcrypto.so.3', bootId: BOOT_ID },
    { cause: 'kernel linux 6.9.1-1 1000', bootId: 'another' },
  ]
  const reasonsWith = (state: string) =>
    readReasons(new Host(makeTree(hostTree({ 'var/lib/kured-sentinel/requests.json': state }))))
  assert.equal(reasonsWith(JSON.stringify({ version: 1, requests })), 'libcrypto.so.3')
  assert.equal(reasonsWith('{"version": 1, "requests": []}'), 'no check has asked for it')
  assert.match(reasonsWith('torn'), /cannot be read$/)
})
