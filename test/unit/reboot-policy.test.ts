/** What is remembered over boots, on a host's files: pacman's list of this boot, and the state. */
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULTS, type Config } from '../../src/config/config.ts'
import { setHold } from '../../src/reboot/hold-state.ts'
import { newHold } from '../../src/reboot/hold.ts'
import { readRequests } from '../../src/reboot/requests.ts'
import { readBootClock } from '../../src/host/boot-clock.ts'
import { applyRebootPolicy } from '../../src/reboot/policy.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { readReplaced, REPLACED_FILE } from '../../src/pacman/replaced.ts'
import type { CheckReport } from '../../src/sentinel/check.ts'
import { type Finding, spoken } from '../../src/sentinel/finding.ts'
import { decide } from '../../src/sentinel/verdict.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const HOUR = 3_600_000
const BOOT_ID = '/proc/sys/kernel/random/boot_id'
const REQUESTS = '/var/lib/kured-sentinel/requests.json'
const HOLD = '/var/lib/kured-sentinel/hold.json'
const UNREMEMBERED = { 'var/lib/kured-sentinel/requests.json': '{"version":1,"requests":[]}' }

/** Nothing of it speaks against a reboot. */
const WHOLE: Tree = {
  'var/lib/pacman/local/ALPM_DB_VERSION': '9\n',
  'proc/1/mountinfo': '28 1 254:0 / / rw - ext4 /dev/vda rw\n',
}

/** A host whose clock, uptime and boots are the test's to choose. */
class TestHost extends Host {
  boot = 1
  up = 1
  clock = Date.UTC(2026, 10, 24)

  constructor(more: Tree = UNREMEMBERED) {
    super(makeTree({ ...WHOLE, ...more }))
    this.put(BOOT_ID, 'boot-1\n')
  }

  override now() {
    return this.clock
  }

  override uptime() {
    return this.up / 1000
  }

  put(path: string, text: string) {
    mkdirSync(dirname(this.path(path)), { recursive: true })
    writeFileSync(this.path(path), text)
  }

  /** A reboot, or a power cut: to the guard they are the same. */
  reboot() {
    this.boot += 1
    this.up = 1000
    this.put(BOOT_ID, `boot-${this.boot}\n`)
  }

  /** A check for Kured (or a look at the status) while these are due. */
  check(
    findings: Finding[] = [KERNEL],
    { answers = true, ...config }: { answers?: boolean } & Partial<Config> = {},
  ): CheckReport {
    const seen = {
      ...decide(findings),
      checkedAt: '',
      bootId: '',
      durationMs: 0,
      clean: false,
      stale: [],
    }
    return applyRebootPolicy(this, { ...DEFAULTS, ...config }, seen, answers, new Deadline(20_000))
  }
}

const KERNEL: Finding = {
  kind: 'kernel',
  effect: 'reboot',
  message: 'kernel 6.9.0 is running, linux 6.9.1 is installed',
  installed: '6.9.1',
  package: 'linux',
  version: '6.9.1-1',
  installedAt: '1000',
  byPacman: false,
}
const LIBRARY: Finding = {
  kind: 'library',
  effect: 'reboot',
  message: 'old',
  path: '/usr/lib/a',
  byPacman: true,
}
const UNPACKED: Finding = { ...LIBRARY, path: '/opt/x/native.so', byPacman: false }
const text = ({ reasons }: CheckReport) => reasons.map(spoken).join('\n')

test('asked in one boot again and again; not in the next; again once installed anew', () => {
  const host = new TestHost()
  assert.deepEqual([host.check().exitCode, host.check().exitCode], [0, 0])
  host.reboot()
  assert.equal(host.check().exitCode, 2)
  assert.equal(host.check([KERNEL, LIBRARY]).exitCode, 0, 'a new reason counts')
  host.reboot()
  assert.equal(host.check([{ ...KERNEL, installedAt: '2000' }]).exitCode, 0)
})

test('ten nights: a kernel that no boot starts costs one reboot, whatever else is upgraded', () => {
  const host = new TestHost()
  let reboots = 0
  const night = (due: Finding[]) => {
    if (host.check(due).exitCode !== 0) return
    reboots += 1
    host.reboot()
  }
  for (let i = 0; i < 10; i++) night([KERNEL])
  assert.equal(reboots, 1)
  night([{ ...KERNEL, installedAt: '2000', byPacman: true }])
  for (let i = 0; i < 10; i++) night([{ ...KERNEL, installedAt: '2000' }])
  assert.equal(reboots, 2, 'after pacman -S linux')
})

test('count = deleted: a program that unpacks under a new name each time costs a reboot a day', () => {
  const host = new TestHost()
  const deleted = { count: 'deleted' } as const
  const days = 10
  let reboots = 0
  for (let hour = 0; hour < days * 24; hour++) {
    const due = [{ ...UNPACKED, path: `/opt/x/native-${host.boot}.so` }]
    const { exitCode, ignored } = host.check(due, deleted)
    if (exitCode === 0) {
      reboots += 1
      host.reboot()
    } else {
      assert.match(ignored[0]?.why ?? '', /^not replaced by pacman: counts in \d/)
    }
    host.up += HOUR
  }
  assert.ok(reboots <= days, `${reboots} reboots in ${days} days`)
  assert.ok(reboots >= days - 2)
})

test('count = deleted: what is deleted too early to count keeps no other reason back', () => {
  const host = new TestHost()
  assert.equal(host.check([UNPACKED, KERNEL], { count: 'deleted' }).exitCode, 0)
  assert.equal(host.check([UNPACKED], { count: 'deleted' }).exitCode, 1)
})

test('a look that is no answer to Kured remembers nothing', () => {
  const host = new TestHost()
  assert.equal(host.check([KERNEL], { answers: false }).exitCode, 0)
  assert.deepEqual(readRequests(host), [])
  assert.equal(host.check([{ ...KERNEL, effect: 'none' }]).exitCode, 1)
  assert.equal(host.check([KERNEL, { ...KERNEL, effect: 'attention' }]).exitCode, 2)
  assert.deepEqual(readRequests(host), [], 'nothing was asked for')
})

for (const [what, spoil] of [
  ['gone', (host: TestHost) => rmSync(host.path(REQUESTS))],
  ['truncated', (host: TestHost) => truncateSync(host.path(REQUESTS), 20)],
  ['empty', (host: TestHost) => host.put(REQUESTS, '')],
  ['garbage', (host: TestHost) => host.put(REQUESTS, '\u0000\u0001')],
  [
    'JSON of another shape',
    (host: TestHost) => host.put(REQUESTS, '{"version":1,"requests":[{}]}'),
  ],
  ['from a newer version', (host: TestHost) => host.put(REQUESTS, '{"version":2}')],
] as const) {
  test(`a state that is ${what}: a kernel may have been asked for, all else counts`, () => {
    const host = new TestHost()
    assert.equal(host.check().exitCode, 0)
    spoil(host)
    for (let i = 0; i < 3; i++) {
      const { exitCode, reasons } = host.check()
      assert.equal(exitCode, 2)
      assert.match(reasons[0]?.message ?? '', /^may already have rebooted for this/)
    }
    assert.equal(host.check([KERNEL, LIBRARY]).exitCode, 0, 'what pacman replaced counts')
    host.reboot()
    assert.equal(host.check().exitCode, 2)
    const reinstalled = { ...KERNEL, installedAt: '2000', byPacman: true }
    assert.equal(host.check([reinstalled]).exitCode, 0)
  })
}

test('a host that has remembered nothing yet has lost nothing', () => {
  const host = new TestHost({})
  assert.equal(host.check().exitCode, 0)
  const held = new TestHost({})
  setHold(held, newHold('a disk', HOUR, readBootClock(held)))
  held.up += HOUR
  assert.equal(held.check().exitCode, 0, 'a hold was the first thing to remember')
})

test('a state that cannot be written: a warning with what to do, and no reboot', () => {
  // What the new file is written to first is taken.
  const host = new TestHost({
    ...UNREMEMBERED,
    [`var/lib/kured-sentinel/.requests.json.kured-sentinel-new-${process.pid}`]: {
      directory: true,
    },
  })
  const { exitCode, reasons, ignored } = host.check()
  assert.equal(exitCode, 2)
  assert.match(
    reasons[0]?.message ?? '',
    /requests\.json cannot be written: .*: a request that is not stored could be repeated at each boot/,
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
  mkdirSync(host.path(`/var/lib/kured-sentinel/.requests.json.kured-sentinel-new-${process.pid}`))
  assert.equal(host.check().exitCode, 0)
})

test('without a boot ID all boots would be the same one: no reboot', () => {
  const host = new TestHost()
  host.put(BOOT_ID, '\n')
  assert.equal(host.check().exitCode, 2)
})

test('a hold: 1, what is due is shown; it ends; 2 where it cannot be read', () => {
  const host = new TestHost()
  setHold(host, newHold('a disk', 4 * HOUR, readBootClock(host)))
  const held = host.check()
  assert.equal(held.exitCode, 1)
  assert.equal(text(held), 'held for 4h more: a disk')
  assert.deepEqual(
    held.ignored.map(({ kind, why }) => [kind, why]),
    [['kernel', 'held']],
  )
  assert.deepEqual(readRequests(host), [], 'nothing was asked for')
  const nothingDue = host.check([], { answers: false })
  assert.deepEqual([nothingDue.exitCode, text(nothingDue)], [1, 'held for 4h more: a disk'])
  const alarm: Finding = { kind: 'lock', effect: 'attention', message: 'stale' }
  assert.equal(host.check([alarm]).exitCode, 1)
  host.reboot()
  assert.equal(host.check().exitCode, 1, 'it survives a boot')
  host.put(HOLD, '{"version": 1')
  const unreadable = host.check()
  assert.deepEqual([unreadable.exitCode, unreadable.reasons.length], [2, 1])
  assert.match(text(unreadable), /a hold exists, but .*hold\.json.*release it/)
  assert.equal(host.check([]).exitCode, 1, 'nothing is due')
  rmSync(host.path(HOLD))
  setHold(host, newHold('a disk', HOUR, readBootClock(host)))
  host.up += HOUR
  assert.equal(host.check().exitCode, 0, 'it is over')
  assert.equal(host.lstat(HOLD), undefined)
})

test('min-interval: no reboot sooner after the boot, by uptime; not remembered as asked', () => {
  const host = new TestHost()
  const early = host.check([KERNEL], { minInterval: 6 * HOUR })
  assert.equal(early.exitCode, 1)
  assert.equal(text(early), 'booted 0s ago: no reboot for another 6h (min-interval = 6h)')
  assert.deepEqual(readRequests(host), [])
  host.clock += 30 * 24 * HOUR
  assert.equal(host.check([KERNEL], { minInterval: 6 * HOUR }).exitCode, 1, 'a clock step')
  host.up = 6 * HOUR
  assert.equal(host.check([KERNEL], { minInterval: 6 * HOUR }).exitCode, 0)
})

/** What a random life is made of. After each event Kured asks, as it does every minute. */
const EVENTS = [
  'boot',
  'boot',
  'upgrade a library',
  'upgrade a kernel',
  'reinstall the kernel',
  'upgrade something else',
  'unpack',
  'hold',
  'release',
  'clock',
  'lose the list',
  'garble the list',
  'lose the state',
  'garble the state',
  'unwritable',
] as const

/** A host with pacman's list, a boot loader that starts no new kernel, and a program that unpacks. */
class Life {
  readonly host = new TestHost()
  readonly count: Config['count']
  installedAt = 1
  replaced = 0
  /** what processes run that is deleted: path → which replacement of it */
  stale = new Map<string, number>()
  /** whether pacman's own word on this boot is there */
  listed = true
  /** cause → how often the host went down because of it */
  rebootedFor = new Map<string, number>()

  constructor(count: Config['count']) {
    this.count = count
    this.note('usr/lib/modules/6.9.1/vmlinuz')
  }

  note(...paths: string[]) {
    const host = this.host
    const lines = host.lstat(REPLACED_FILE) ? host.readText(REPLACED_FILE).split('\n') : []
    const boot = `boot ${host.bootId()}`
    const kept = lines.includes(boot) ? lines : []
    host.put(REPLACED_FILE, [...new Set([boot, ...kept, ...paths])].join('\n'))
  }

  /** As the looks at kernel and processes find it. */
  due(): Finding[] {
    const list = readReplaced(this.host)
    const byPacman = list.has('/usr/lib/modules/6.9.1/vmlinuz')
    const kernel = { ...KERNEL, installedAt: String(this.installedAt), byPacman }
    const files = [...this.stale.keys()].map((path) => ({
      ...LIBRARY,
      path,
      byPacman: list.has(path),
    }))
    return [kernel, ...files.filter((file) => file.byPacman || this.count === 'deleted')]
  }

  check(): CheckReport {
    return this.host.check(this.due(), { count: this.count })
  }

  /** The reasons of an answer, each by what would make it another one. */
  causes({ exitCode, reasons }: CheckReport): string[] {
    if (exitCode !== 0) return []
    return reasons.map(({ kind, path }) =>
      kind === 'kernel' ? `kernel ${this.installedAt}` : `${path} ${this.stale.get(path ?? '')}`,
    )
  }

  happens(event: (typeof EVENTS)[number], last: CheckReport): void {
    const { host } = this
    const directory = '/var/lib/kured-sentinel'
    if (event === 'boot') {
      for (const cause of this.causes(last)) {
        this.rebootedFor.set(cause, (this.rebootedFor.get(cause) ?? 0) + 1)
      }
      host.reboot()
      // /run is gone, or, where something is very wrong with a host, it is not.
      if (host.boot % 2 === 0) rmSync(host.path(REPLACED_FILE), { force: true })
      this.stale.clear()
      this.listed = true
    } else if (event === 'upgrade a library') {
      this.note('usr/lib/a')
      this.stale.set('/usr/lib/a', (this.replaced += 1))
    } else if (event === 'upgrade a kernel' || event === 'reinstall the kernel') {
      this.note('usr/lib/modules/6.9.1/vmlinuz')
      this.installedAt += 1
    } else if (event === 'upgrade something else') this.note('usr/lib/other')
    else if (event === 'unpack') this.stale.set('/opt/x/native.so', 0)
    else if (event === 'hold') setHold(host, newHold('x', HOUR, readBootClock(host)))
    else if (event === 'release') rmSync(host.path(HOLD), { force: true })
    else if (event === 'clock') host.clock = (host.clock * 7919) % Date.UTC(2100, 0)
    else if (event === 'lose the list' || event === 'garble the list') {
      this.listed = false
      if (event === 'lose the list') rmSync(host.path(REPLACED_FILE), { force: true })
      else host.put(REPLACED_FILE, '\u0000boot\nusr/li')
    } else if (event === 'lose the state') rmSync(host.path(REQUESTS), { force: true })
    else if (event === 'garble the state') host.put(REQUESTS, '{"vers')
    else {
      // For one check: what was there is lost as well.
      rmSync(host.path(directory), { recursive: true, force: true })
      writeFileSync(host.path(directory), 'a file in its place')
      assert.notEqual(this.check().exitCode, 0)
      rmSync(host.path(directory))
      host.put(REQUESTS, 'lost')
    }
    // Of what was lost, only what is there at the next check is taken for asked for.
    if (/state|unwritable/.test(event) && !this.stale.has('/opt/x/native.so')) {
      this.rebootedFor.delete('/opt/x/native.so 0')
    }
    host.up += 26 * HOUR
  }
}

for (const count of ['replaced', 'deleted'] as const) {
  test(`count = ${count}: no cause is asked for twice, and every real one at once, whatever happens`, () => {
    const events = fc.array(fc.constantFrom(...EVENTS), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(events, (lived) => {
        const life = new Life(count)
        let answer = life.check()
        assert.equal(answer.exitCode, 0)
        for (const event of lived) {
          life.happens(event, answer)
          answer = life.check()
          for (const cause of life.causes(answer)) {
            assert.equal(life.rebootedFor.get(cause) ?? 0, 0, `again for ${cause}`)
          }
          const isHeld = answer.reasons.some(({ kind }) => kind === 'hold')
          if (isHeld || !life.listed) continue
          if (event === 'upgrade a library' || event === 'reinstall the kernel') {
            assert.equal(answer.exitCode, 0, event)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
}

test('an upgrade that did not end: no reboot, nothing remembered, and a person sees it before', () => {
  const host = new TestHost()
  host.put('/var/lib/kured-sentinel/unfinished', 'linux\n')
  const due = host.check()
  assert.equal(due.exitCode, 2)
  assert.match(text(due), /^the upgrade of linux did not end.* To do: kured-sentinel repair$/)
  assert.deepEqual(readRequests(host), [])
  const shown = host.check([], { answers: false })
  assert.equal(shown.verdict, 'none')
  assert.deepEqual(
    shown.ignored.map(({ kind, why }) => [kind, why]),
    [['unfinished', 'no reboot is due']],
  )
  host.put('/var/lib/kured-sentinel/unfinished', '')
  assert.equal(host.check().exitCode, 0)
})
