import assert from 'node:assert/strict'
import { test } from 'node:test'
import { momentToCome } from '../../src/text/moment.ts'

// Node reads TZ anew where it is set.
process.env['TZ'] = 'Europe/Berlin'
const NOW = Date.parse('2026-11-27T22:30:00+01:00')

for (const [text, iso] of [
  ['23:00', '2026-11-27T22:00:00.000Z'],
  ['22:30', '2026-11-28T21:30:00.000Z'],
  ['8:05', '2026-11-28T07:05:00.000Z'],
  ['22:00Z', '2026-11-27T22:00:00.000Z'],
  ['21:00 UTC', '2026-11-28T21:00:00.000Z'],
  ['2026-12-24', '2026-12-23T23:00:00.000Z'],
  ['2026-12-24Z', '2026-12-24T00:00:00.000Z'],
  ['2026-12-24 18:00', '2026-12-24T17:00:00.000Z'],
  [' 2026-12-24T18:00Z ', '2026-12-24T18:00:00.000Z'],
] as const) {
  test(`${JSON.stringify(text)} is to come`, () => {
    assert.equal(new Date(momentToCome(text, NOW)).toISOString(), iso)
  })
}

for (const text of [
  '',
  'Z',
  'ever',
  '18',
  '24:30',
  '12:60',
  '2026-02-30',
  '2026-13-01',
  '18:00 CET',
  '2027-1-1',
]) {
  test(`${JSON.stringify(text)} is no moment`, () => {
    assert.throws(() => momentToCome(text, NOW), /is no moment: write 18:00/)
  })
}

for (const text of ['2026-11-27', '2026-11-27 22:30']) {
  test(`${text} is over`, () =>
    assert.throws(() => momentToCome(text, NOW), /is over: it is 2026-/))
}
