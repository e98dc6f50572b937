import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fnmatch } from '../../src/text/fnmatch.ts'

for (const [pattern, yes, no] of [
  ['linux*', ['linux', 'linux-lts', 'linux/x'], ['alinux', '']],
  ['a?c', ['abc', 'a/c', 'a\nc'], ['ac', 'abbc']],
  ['[ab]x', ['ax', 'bx'], ['cx', '[ab]x']],
  ['[!ab]x', ['cx'], ['ax']],
  ['[^ab]x', ['cx'], ['bx']],
  ['[a-c]', ['b'], ['d', '-']],
  ['[]a]', [']', 'a'], ['b']],
  ['[a-]', ['-', 'a'], ['b']],
  ['[[:digit:]x]', ['5', 'x'], ['d', ':']],
  ['[z-a]', [], ['z', 'a', '[z-a]']],
  ['[ab', ['[ab'], ['a']],
  ['\\*', ['*'], ['x']],
  ['a.b', ['a.b'], ['axb']],
  ['a(b|c)$', ['a(b|c)$'], ['ab']],
  ['', [''], ['x']],
] as const) {
  test(`pattern ${pattern}`, () => {
    for (const text of yes) assert.ok(fnmatch(pattern)(text), `${pattern} matches ${text}`)
    for (const text of no) assert.ok(!fnmatch(pattern)(text), `${pattern} does not match ${text}`)
  })
}

test('a text without special characters matches itself alone, and no pattern crashes', () => {
  const plain = fc.string({ unit: 'grapheme' }).filter((text) => !/[*?[\\]/.test(text))
  fc.assert(
    fc.property(plain, fc.string(), (text, other) => {
      assert.ok(fnmatch(text)(text))
      assert.equal(fnmatch(text)(other), text === other)
      fnmatch(other)(text)
    }),
  )
})
