/** What is remembered over boots, on a host's files: the database, the log, the state. */
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULTS } from '../../src/config/config.ts'
import { setHold } from '../../src/guard/hold-state.ts'
import { newHold } from '../../src/guard/hold.ts'
import { refreshAsked } from '../../src/guard/memory.ts'
import { readMoment } from '../../src/guard/moment.ts'
import { recall } from '../../src/guard/recall.ts'
import { Host } from '../../src/host/host.ts'
import type { Report } from '../../src/sentinel/check.ts'
import type { Finding } from '../../src/sentinel/finding.ts'
import { decide } from '../../src/sentinel/verdict.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const HOUR = 3_600_000
const BOOT_ID = '/proc/sys/kernel/random/boot_id'
const GUARD = '/var/lib/kured-sentinel/guard.json'
const HOLD = '/var/lib/kured-sentinel/hold.json'
const LOG = '/var/log/pacman.log'
const completed = (second: number) =>
  `[2026-11-24T00:00:00+${second}] [ALPM] transaction completed\n`

/** A host whose clock, uptime and boots are the test's to choose. */
class TestHost extends Host {
  boot = 1
  up = 1
  clock = Date.UTC(2026, 10, 24)
  transactions = 0

  constructor(more: Tree = {}) {
    super(makeTree({ 'var/lib/pacman/local/linux-6.9.1-1/desc': '', ...more }))
    this.write(BOOT_ID, 'boot-1\n')
    this.write(LOG, completed(0))
  }

  override now() {
    return this.clock
  }

  override uptime() {
    return this.up / 1000
  }

  write(path: string, text: string) {
    mkdirSync(dirname(this.path(path)), { recursive: true })
    writeFileSync(this.path(path), text)
  }

  /** A reboot, or a power cut: to the guard they are the same. */
  reboot() {
    this.boot += 1
    this.up = 1000
    this.write(BOOT_ID, `boot-${this.boot}\n`)
  }

  transaction({ reinstalls = false, logs = true } = {}) {
    this.transactions += 1
    if (!reinstalls) this.write(`/var/lib/pacman/local/other-${this.transactions}-1/desc`, '')
    if (logs) appendFileSync(this.path(LOG), completed(this.transactions))
  }

  /** A check for Kured (or a look at the status) while these are due. */
  check(findings: Finding[] = [KERNEL], { answers = true, minInterval = 0 } = {}): Report {
    const seen = { ...decide(findings), checkedAt: '', bootId: '', durationMs: 0 }
    return recall(this, { ...DEFAULTS, minInterval }, seen, answers)
  }
}

const KERNEL: Finding = {
  kind: 'kernel',
  effect: 'reboot',
  message: 'kernel 6.9.0 is running, linux 6.9.1 is installed',
  installed: '6.9.1',
}
const LIBRARY: Finding = { kind: 'library', effect: 'reboot', message: 'old', path: '/usr/lib/a' }
const text = ({ reasons }: Report) => reasons.map(({ message }) => message).join('\n')

test('asked in one boot again and again; not in the next; again after a transaction', () => {
  const host = new TestHost()
  assert.deepEqual([host.check().exitCode, host.check().exitCode], [0, 0])
  host.reboot()
  assert.equal(host.check().exitCode, 2)
  assert.equal(host.check([KERNEL, LIBRARY]).exitCode, 0, 'a new reason counts')
  host.transaction()
  assert.equal(host.check().exitCode, 0)
  host.reboot()
  assert.equal(host.check().exitCode, 2)
  host.transaction({ reinstalls: true })
  assert.equal(host.check().exitCode, 0, 'a reinstalled kernel may have mended it')
})

test('a look that is no answer to Kured remembers nothing', () => {
  const host = new TestHost()
  assert.equal(host.check([KERNEL], { answers: false }).exitCode, 0)
  assert.equal(host.lstat('/var/lib/kured-sentinel'), undefined)
  assert.equal(host.check([{ ...KERNEL, effect: 'none' }]).exitCode, 1)
  assert.equal(host.check([KERNEL, { ...KERNEL, effect: 'attention' }]).exitCode, 2)
  assert.equal(host.lstat('/var/lib/kured-sentinel'), undefined, 'nothing was asked for')
})

for (const [what, spoil] of [
  ['truncated', (host: TestHost) => truncateSync(host.path(GUARD), 20)],
  ['empty', (host: TestHost) => host.write(GUARD, '')],
  ['garbage', (host: TestHost) => host.write(GUARD, '\u0000\u0001')],
  ['JSON of another shape', (host: TestHost) => host.write(GUARD, '{"version":1,"asked":[{}]}')],
  ['from a newer version', (host: TestHost) => host.write(GUARD, '{"version":2}')],
] as const) {
  test(`a state that is ${what}: a warning, no reboot for what is due, and it mends itself`, () => {
    const host = new TestHost()
    assert.equal(host.check().exitCode, 0)
    spoil(host)
    assert.match(text(host.check([KERNEL], { answers: false })), /guard\.json/)
    const warned = host.check()
    assert.equal(warned.exitCode, 2)
    assert.match(text(warned), /guard\.json.*it is made anew|makes it anew/)
    const mended = host.check()
    assert.equal(mended.exitCode, 2)
    assert.match(text(mended), /^may have been rebooted for already/)
    assert.equal(host.check([KERNEL, LIBRARY]).exitCode, 0, 'a new reason counts')
    host.transaction()
    assert.equal(host.check().exitCode, 0)
  })
}

test('a state that cannot be written: a warning with what to do, and no reboot', () => {
  // What the new file is written to first is taken.
  const host = new TestHost({
    [`var/lib/kured-sentinel/.guard.json.${process.pid}`]: { directory: true },
  })
  const { exitCode, reasons, ignored } = host.check()
  assert.equal(exitCode, 2)
  assert.match(
    reasons[0]?.message ?? '',
    /guard\.json cannot be written: .*: a reboot that cannot be remembered might be asked for at each boot/,
  )
  assert.equal(ignored[0]?.kind, 'kernel', 'what is due is shown')
})

test('where there is no place for a state at all: the same', () => {
  const host = new TestHost({ 'var/lib/kured-sentinel': 'a file in its place' })
  assert.deepEqual([host.check().exitCode, host.check().exitCode], [2, 2])
})

test('what is written down already is not written again: a full disk does not take 0 back', () => {
  const host = new TestHost()
  host.check()
  mkdirSync(host.path(`/var/lib/kured-sentinel/.guard.json.${process.pid}`))
  assert.equal(host.check().exitCode, 0)
})

test('the gate’s last look: a transaction between the last check and the boot does not count', () => {
  const host = new TestHost()
  host.check()
  host.transaction()
  refreshAsked(host)
  host.reboot()
  assert.equal(host.check().exitCode, 2)
})

test('the gate’s last look: after a transaction, what an earlier boot was for counts again', () => {
  const host = new TestHost()
  host.check()
  host.reboot()
  host.check([LIBRARY])
  host.transaction()
  refreshAsked(host)
  host.reboot()
  assert.equal(host.check([KERNEL]).exitCode, 0)
  assert.equal(host.check([LIBRARY]).exitCode, 2)
})

test('without a boot ID all boots would be the same one: no reboot', () => {
  const host = new TestHost()
  host.write(BOOT_ID, '\n')
  assert.equal(host.check().exitCode, 2)
})

test('a hold: 1, what is due is shown; it ends; 2 where it cannot be read', () => {
  const host = new TestHost()
  setHold(host, newHold('a disk', 4 * HOUR, readMoment(host)))
  const held = host.check()
  assert.equal(held.exitCode, 1)
  assert.equal(text(held), 'held for 4h more: a disk')
  assert.deepEqual(
    held.ignored.map(({ kind, why }) => [kind, why]),
    [['kernel', 'no reboot is wanted yet']],
  )
  assert.equal(host.lstat(GUARD), undefined, 'nothing was asked for')
  const nothingDue = host.check([], { answers: false })
  assert.deepEqual([nothingDue.exitCode, text(nothingDue)], [1, 'held for 4h more: a disk'])
  const alarm: Finding = { kind: 'lock', effect: 'attention', message: 'stale' }
  assert.equal(host.check([alarm]).exitCode, 1)
  host.reboot()
  assert.equal(host.check().exitCode, 1, 'it survives a boot')
  host.write(HOLD, '{"version": 1')
  const unreadable = host.check()
  assert.deepEqual([unreadable.exitCode, unreadable.reasons.length], [2, 1])
  assert.match(text(unreadable), /there is a hold, and .*hold\.json.*release it/)
  assert.equal(host.check([]).exitCode, 1, 'nothing is due')
  rmSync(host.path(HOLD))
  setHold(host, newHold('a disk', HOUR, readMoment(host)))
  host.up += HOUR
  assert.equal(host.check().exitCode, 0, 'it is over')
  assert.equal(host.lstat(HOLD), undefined)
})

test('min-interval: no reboot sooner after the boot, by uptime; not remembered as asked', () => {
  const host = new TestHost()
  const early = host.check([KERNEL], { minInterval: 6 * HOUR })
  assert.equal(early.exitCode, 1)
  assert.equal(text(early), 'booted 0s ago: no reboot for another 6h (min-interval = 6h)')
  assert.equal(host.lstat(GUARD), undefined)
  host.clock += 30 * 24 * HOUR
  assert.equal(host.check([KERNEL], { minInterval: 6 * HOUR }).exitCode, 1, 'a clock step')
  host.up = 6 * HOUR
  assert.equal(host.check([KERNEL], { minInterval: 6 * HOUR }).exitCode, 0)
})

/** A random life. After each event Kured asks, as it does every minute. */
const event = fc.oneof(
  fc.constant('boot' as const),
  fc.constant('boot' as const),
  fc.constantFrom(
    'upgrade',
    'reinstall',
    'unlogged upgrade',
    'hold',
    'release',
    'clock',
    'rotate',
    'corrupt',
    'newer version',
    'unwritable',
    'another cause',
  ),
)

test('no two reboots for one unchanged cause, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 25 }), (events) => {
      const host = new TestHost()
      const directory = join(host.root, 'var/lib/kured-sentinel')
      /** cause → the number of transactions when the host last went down because of it */
      const rebootedFor = new Map<string, number>()
      /** reboots since the last transaction; unlimited where what was remembered was lost */
      let reboots = 0
      let due = [KERNEL]
      let answer = host.check(due)
      for (const happens of events) {
        if (happens === 'boot') {
          if (answer.exitCode === 0) reboots += 1
          assert.ok(reboots <= 3, 'reboots without a transaction')
          const reasons = answer.exitCode === 0 ? answer.reasons : []
          for (const { installed, path } of reasons) {
            const cause = String(installed ?? path)
            assert.notEqual(rebootedFor.get(cause), host.transactions, `again for ${cause}`)
            rebootedFor.set(cause, host.transactions)
          }
          host.reboot()
          due = [...due.slice(0, 1), { ...LIBRARY, path: `/opt/unpacked-${host.boot}.so` }]
        } else if (happens === 'upgrade') host.transaction()
        else if (happens === 'reinstall') host.transaction({ reinstalls: true })
        else if (happens === 'unlogged upgrade') host.transaction({ logs: false })
        else if (happens === 'hold') {
          rmSync(host.path(HOLD), { force: true })
          if (host.lstat('/var/lib/kured-sentinel')?.isFile() !== true) {
            setHold(host, newHold('x', HOUR, readMoment(host)))
          }
        } else if (happens === 'release') rmSync(host.path(HOLD), { force: true })
        else if (happens === 'clock') host.clock = (host.clock * 7919) % Date.UTC(2100, 0)
        else if (happens === 'rotate') host.write(LOG, '')
        else if (happens === 'unwritable') {
          // For one check: what was there is lost as well.
          rmSync(directory, { recursive: true, force: true })
          writeFileSync(directory, 'a file in its place')
          answer = host.check(due)
          assert.notEqual(answer.exitCode, 0)
          rmSync(directory)
          host.write(GUARD, 'lost')
        } else if (happens === 'another cause') due = due.length > 1 ? [KERNEL] : [KERNEL, LIBRARY]
        else if (host.lstat(GUARD) !== undefined) {
          host.write(GUARD, happens === 'corrupt' ? '{"vers' : '{"version": 9}')
        }
        if (!/boot|hold|release|clock|rotate|cause/.test(happens)) reboots = 0
        host.up += 60_000
        answer = host.check(due)
      }
    }),
    { numRuns: 150 },
  )
})
