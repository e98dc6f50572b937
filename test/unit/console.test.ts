/** Each console block of the pages is run by a test, which names it in a call of consoleBlock(). */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { consoleBlocks, lineOf } from '../fixture/console.ts'
import { CHECKOUT, PAGES } from '../fixture/shipped.ts'

const TESTS = readdirSync(join(CHECKOUT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(CHECKOUT, 'test', name), 'utf8'))
  .join('\n')
  // As prettier breaks a call that is too long for a line.
  .replaceAll(/(?<=\()\s+|,?\s+(?=\))/g, '')
  .replaceAll(/\s+/g, ' ')

for (const page of PAGES) {
  const lines = consoleBlocks(page).map(([first]) => lineOf(first))
  for (const line of lines) {
    test(`${page}: a test runs ${line}`, () => {
      const claims = [`'`, '`', '"'].map((quote) => `('${page}', ${quote}${line}${quote})`)
      assert.ok(
        claims.some((claim) => TESTS.includes(`consoleBlock${claim}`)),
        `none has consoleBlock('${page}', '${line}'), see test/fixture/console.ts`,
      )
    })
  }
  test(`${page}: no two blocks begin alike`, () => {
    assert.deepEqual(lines, [...new Set(lines)])
  })
}
