/** The recording of the demonstration: a terminal's output as a picture that moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COLUMNS, renderSvg, ROWS } from '../../scripts/recording/svg.ts'
import { terminalLines } from '../../scripts/recording/terminal.ts'
import { textOf, timelineOf } from '../../scripts/recording/timeline.ts'
import { SCENES } from '../../src/demo/scenes.ts'
import { shipped } from '../fixture/shipped.ts'

test('colours become styles, and a line breaks where a terminal breaks it', () => {
  const lines = terminalLines('\u001b[32m\u001b[1mabcd\u001b[22m\u001b[39mef\n\n<g>\n', 5)
  assert.deepEqual(lines, [
    [
      { text: 'abcd', styles: ['green', 'bold'] },
      { text: 'e', styles: [] },
    ],
    [{ text: 'f', styles: [] }],
    [],
    [{ text: '<g>', styles: [] }],
  ])
  assert.throws(() => terminalLines('\u001b[44mx', 5), /no style 44/)
})

test('what is said, the command and its answer appear one after the other', () => {
  const { shots, end } = timelineOf(terminalLines('say\na@b $ do\nx\ny\n\nsay\na@b $ do', 80))
  assert.deepEqual(
    shots.map(({ lines }) => lines.map(textOf)),
    [['say'], ['a@b $ do'], ['x', 'y'], ['', 'say'], ['a@b $ do']],
  )
  const times = shots.map(({ at }) => at)
  assert.equal(times[0], 0)
  assert.ok(
    [...times, end].every((at, i, all) => i === 0 || at > (all[i - 1] ?? 0)),
    times.join(),
  )
})

test('a picture that has scrolled shows the last lines, and what is written is escaped', () => {
  const text = Array.from({ length: ROWS + 3 }, (_, i) => `line <${i}>`).join('\n\n')
  const svg = renderSvg(timelineOf(terminalLines(text, COLUMNS)))
  assert.match(svg, /line &lt;28&gt;/)
  const down = ((ROWS + 3) * 2 - 1 - ROWS) * 19
  assert.ok(svg.includes(`.all{transform:translateY(-${down}px)}`))
})

test('docs/demo.svg shows the demonstration as it is, is small, and loads and runs nothing', () => {
  const svg = shipped('docs/demo.svg')
  const plain = svg.replace(/<[^>]*>/g, '\n')
  for (const { say, command } of SCENES) {
    assert.ok(plain.includes(`\n${say}\n`), `${say} is not in it: npm run recording`)
    assert.ok(plain.includes(`${command}\n`), `${command} is not in it: npm run recording`)
  }
  assert.deepEqual([...plain.matchAll(/exit code \d: .*/g)].map(String), [
    'exit code 1: no reboot',
    'exit code 0: reboot',
    'exit code 1: no reboot',
  ])
  assert.ok(svg.length < 100_000)
  assert.doesNotMatch(svg, /<script|href|url\(|@import/)
  assert.match(shipped('README.md'), /^# kured-sentinel\n\n!\[.*\]\(docs\/demo\.svg\)\n/)
})
