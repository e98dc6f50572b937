import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge } from '../../src/restart/outcome.ts'
import { runningUnit } from '../fixture/unit.ts'

const before = runningUnit('a.service')

for (const [what, lines, told, expected] of [
  ['a new invocation runs', 'InvocationID=2', {}, 'restarted'],
  ['it reloads', 'InvocationID=2\nActiveState=reloading', {}, 'restarted'],
  ['late, but back', 'InvocationID=2', { complaint: 'not done after 1 s' }, 'restarted'],
  ['the old one runs', '', {}, 'it was not restarted'],
  ['the old one runs, and why', '', { complaint: 'denied' }, 'denied'],
  ['it goes along, and did not', '', { with: 'b.service' }, undefined],
  ['it goes along, and is gone', 'ActiveState=inactive', { with: 'b.service' }, /not come back/],
  ['it failed', 'InvocationID=2\nActiveState=failed', {}, 'it did not come back'],
  ['it starts over and over', 'InvocationID=2\nNRestarts=3', {}, /exits soon after each start/],
  ['it starts still', 'InvocationID=2\nActiveState=activating', {}, 'it did not come back'],
] as const) {
  test(what, () => {
    const touched = { unit: 'a.service', processes: [], before, complaint: '', ...told }
    const units = new Map([['a.service', runningUnit('a.service', lines)]])
    const { failed, restarted } = judge([touched], units)
    const why = failed[0]?.why ?? (restarted.length > 0 ? 'restarted' : undefined)
    if (expected instanceof RegExp) assert.match(why ?? '', expected)
    else assert.equal(why, expected)
  })
}
