import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  holdText,
  LONGEST_MS,
  needsCount,
  newHold,
  recount,
  remaining,
  type Hold,
} from '../../src/reboot/hold.ts'
import { countHold, readHold, setHold } from '../../src/reboot/hold-state.ts'
import { Host } from '../../src/host/host.ts'
import { makeTree } from '../fixture/tree.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const DAY = 24 * HOUR
const NOON = Date.UTC(2026, 10, 24, 12)
const YEAR_1970 = 0

const at = (bootId: string, uptime: number, wall: number) => ({ bootId, uptime, wall })
const hold = newHold('a disk', 4 * HOUR, at('A', 10 * HOUR, NOON))

for (const [what, now, left] of [
  ['at once', at('A', 10 * HOUR, NOON), 4 * HOUR],
  ['an hour later', at('A', 11 * HOUR, NOON + HOUR), 3 * HOUR],
  ['an hour later, the clock a year ahead', at('A', 11 * HOUR, NOON + 365 * DAY), 3 * HOUR],
  ['an hour later, the clock in 1970', at('A', 11 * HOUR, YEAR_1970), 3 * HOUR],
  ['four hours later', at('A', 14 * HOUR, NOON), 0],
  ['after a boot', at('B', MINUTE, NOON + HOUR), 3 * HOUR],
  ['after a boot, at its end', at('B', MINUTE, NOON + 4 * HOUR), 0],
  ['after a boot with the clock in 1970', at('B', MINUTE, YEAR_1970), 4 * HOUR - MINUTE],
  ['four hours after such a boot', at('B', 4 * HOUR, 4 * HOUR), 0],
] as const) {
  test(`what is left of a hold of four hours: ${what}`, () => {
    assert.equal(remaining(hold, now), left)
  })
}

test('boots with a wrong clock add up', () => {
  let counted: Hold = hold
  for (let boot = 0; boot < 4; boot++) {
    counted = recount(counted, at(`1970-${boot}`, HOUR, YEAR_1970))
  }
  assert.equal(remaining(counted, at('last', 0, YEAR_1970)), 0)
})

test('a clock set right within the boot puts the end right as well', () => {
  const early = newHold('a disk', 4 * HOUR, at('A', HOUR, YEAR_1970))
  const counted = recount(early, at('A', HOUR + 10 * MINUTE, NOON))
  assert.equal(remaining(counted, at('B', MINUTE, NOON + HOUR)), 3 * HOUR - 10 * MINUTE)
})

test('a hold is counted, and so written, once a boot and then every ten minutes', () => {
  assert.equal(needsCount(hold, at('A', 10 * HOUR + 9 * MINUTE, NOON)), false)
  assert.equal(needsCount(hold, at('A', 10 * HOUR + 10 * MINUTE, NOON)), true)
  assert.equal(needsCount(hold, at('B', MINUTE, NOON)), true)
})

/**
 * A life of a host with a hold: time that passes, boots (off for some time, then with the clock
 * right, or behind), the clock set right, checks.
 */
type Step =
  | { does: 'pass'; ms: number }
  | { does: 'boot'; offMs: number; clockBehindMs: number }
  | { does: 'clock'; behindMs: number }

const length = fc.integer({ min: MINUTE, max: 3 * DAY })
const pass = fc.record({
  does: fc.constant('pass' as const),
  ms: fc.integer({ min: 0, max: DAY }),
})
const behind = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: DAY }), fc.constant(NOON))
const boot = fc.record({
  does: fc.constant('boot' as const),
  offMs: fc.integer({ min: 0, max: DAY }),
  clockBehindMs: behind,
})
const clock = fc.record({ does: fc.constant('clock' as const), behindMs: behind })

/** Plays the steps, with a check after each; gives for each check what the hold and the truth say. */
function live(lengthMs: number, steps: Step[], behindAtFirst: number) {
  const host = { boot: 0, uptime: HOUR, real: 0, behind: behindAtFirst }
  const now = () => at(`${host.boot}`, host.uptime, NOON + host.real - host.behind)
  let set: Hold | undefined = newHold('a disk', lengthMs, now())
  let seenUp = 0
  const checks: { left: number; really: number; seenUp: number; boots: number }[] = []
  for (const step of steps) {
    if (step.does === 'pass') {
      host.uptime += step.ms
      host.real += step.ms
      seenUp += step.ms
    } else if (step.does === 'boot') {
      host.boot += 1
      host.uptime = 0
      host.real += step.offMs
      host.behind = step.clockBehindMs
    } else host.behind = step.behindMs
    const left = set === undefined ? 0 : remaining(set, now())
    checks.push({ left, really: lengthMs - host.real, seenUp, boots: host.boot })
    // As countHold() does.
    if (set !== undefined && left <= 0) set = undefined
    if (set !== undefined && needsCount(set, now())) set = recount(set, now())
  }
  return checks
}

test('no clock that is behind cuts a hold short, and none keeps it longer than the host is up', () => {
  fc.assert(
    fc.property(length, fc.array(fc.oneof(pass, boot, clock), { maxLength: 30 }), (ms, steps) => {
      for (const { left, really, seenUp, boots } of live(ms, steps, 0)) {
        assert.ok(left >= really, `cut short by ${really - left} ms`)
        // At the end of each boot ten minutes may go uncounted.
        if (seenUp - boots * 10 * MINUTE >= ms) assert.ok(left <= 0, `${left} ms left`)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a clock that was behind when the hold was set cuts it short by that much at most', () => {
  const early = fc.integer({ min: 0, max: DAY })
  fc.assert(
    fc.property(
      length,
      fc.array(fc.oneof(pass, boot, clock), { maxLength: 30 }),
      early,
      (ms, steps, by) => {
        for (const { left, really } of live(ms, steps, by)) assert.ok(left >= really - by)
      },
    ),
    { numRuns: 2000 },
  )
})

test('a hold is written and read back; what was not written so is an error', () => {
  const host = new Host(makeTree({}))
  assert.equal(readHold(host), undefined)
  setHold(host, hold)
  assert.deepEqual(readHold(host), hold)
  assert.equal(holdText(hold, at('A', 11 * HOUR, NOON)), 'held for 3h more: a disk')
  for (const change of [{ left: LONGEST_MS + 1 }, { until: null }, { reason: 1 }]) {
    setHold(host, { ...hold, ...(change as object) })
    assert.throws(() => readHold(host), /hold\.json is damaged/)
  }
})

test('counting writes what is left, forgets a hold that is over, and leaves one set meanwhile', () => {
  const host = new Host(makeTree({}))
  setHold(host, hold)
  countHold(host, hold, at('B', MINUTE, YEAR_1970))
  const counted = readHold(host)
  assert.deepEqual(counted, recount(hold, at('B', MINUTE, YEAR_1970)))
  assert.ok(counted !== undefined)
  const later = newHold('another', HOUR, at('B', 2 * MINUTE, NOON))
  setHold(host, later)
  countHold(host, counted, at('B', 5 * HOUR, NOON))
  assert.deepEqual(readHold(host), later)
  countHold(host, later, at('B', 5 * HOUR, NOON))
  assert.equal(readHold(host), undefined)
})
