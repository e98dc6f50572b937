import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readDependents } from '../../src/restart/dependents.ts'
import { inOrder } from '../../src/restart/order.ts'
import { runningUnit } from '../fixture/unit.ts'

const NONE: ReadonlyMap<string, { name: string }[]> = new Map()
const names = (units: { name: string }[]) => units.map(({ name }) => name)

test('what is started after another is restarted after it', () => {
  const units = [
    { name: 'a', after: ['b', 'x'] },
    { name: 'b', after: ['c'] },
    { name: 'c', after: [] },
  ]
  assert.deepEqual(names(inOrder(units, NONE)), ['c', 'b', 'a'])
})

test('what takes another along goes first, even against their order', () => {
  const units = [
    { name: 'a', after: [] },
    { name: 'b', after: ['a'] },
  ]
  assert.deepEqual(names(inOrder(units, new Map([['b', [{ name: 'a' }]]]))), ['b', 'a'])
})

test('circles end', () => {
  const units = [
    { name: 'a', after: ['b'] },
    { name: 'b', after: ['a'] },
  ]
  assert.deepEqual(names(inOrder(units, NONE)).toSorted(), ['a', 'b'])
})

test('any orderings: each unit once, and every order without a circle is kept', () => {
  const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 40 })
  fc.assert(
    fc.property(edges, (pairs) => {
      // Only from the higher number to the lower: no circles.
      const units = Array.from({ length: 10 }, (_, n) => ({
        name: `${n}`,
        after: pairs.filter(([from, to]) => from === n && to < n).map(([, to]) => `${to}`),
      }))
      const ordered = inOrder(units.toReversed(), NONE)
      const place = new Map(ordered.map(({ name }, index) => [name, index]))
      assert.equal(place.size, 10)
      for (const { name, after } of units) {
        for (const other of after) assert.ok(place.get(other)! < place.get(name)!)
      }
    }),
  )
})

test('a restart is passed on through units that run, whatever led to them', () => {
  const all = [
    runningUnit('a', 'RequiredBy=b'),
    runningUnit('b', 'ConsistsOf=c\nBoundBy=stopped'),
    runningUnit('c', 'RequisiteOf=a'),
    runningUnit('stopped', 'ActiveState=inactive\nRequiredBy=never'),
    runningUnit('never'),
  ]
  const read = (asked: readonly string[]) =>
    new Map(all.filter(({ name }) => asked.includes(name)).map((unit) => [unit.name, unit]))
  const along = readDependents([all[0]!, all[2]!], read)
  assert.deepEqual(names(along.get('a') ?? []), ['b', 'c'])
  assert.deepEqual(names(along.get('c') ?? []), ['a', 'b'])
})
