import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CheckReport } from '../../src/sentinel/check.ts'
import type { Finding } from '../../src/sentinel/finding.ts'
import { renderExplanation } from '../../src/commands/check-explain.ts'
import { renderJson } from '../../src/commands/check-json.ts'
import { printable } from '../../src/text/printable.ts'
import { renderLine } from '../../src/commands/check-line.ts'

function report(reasons: Finding[], ignored: Finding[] = []): CheckReport {
  return {
    verdict: 'reboot',
    exitCode: 0,
    reasons,
    ignored,
    checkedAt: 't',
    bootId: 'b',
    durationMs: 1,
    clean: false,
    stale: [],
  }
}
const library = (pid: number, message = `process ${pid}`): Finding => ({
  kind: 'library',
  effect: 'reboot',
  pid,
  message,
  unit: `${pid}.service`,
})

test('one line: each process once, no more than three', () => {
  const kernel: Finding = { kind: 'kernel', effect: 'reboot', message: 'old kernel' }
  const reasons = [kernel, library(1), library(1), library(2), library(3)]
  assert.equal(
    renderLine(report(reasons)),
    'reboot required: old kernel; process 1 (1.service); process 2 (2.service); and 1 more (see kured-sentinel status)\n',
  )
})

test('JSON keeps the two lists apart and does not show what only the verdict needs', () => {
  const shown = JSON.parse(
    renderJson(report([library(1)], [{ ...library(2), effect: 'none', why: 'w' }])),
  )
  assert.deepEqual(Object.keys(shown), [
    'verdict',
    'exitCode',
    'reasons',
    'ignored',
    'checkedAt',
    'bootId',
    'durationMs',
  ])
  assert.deepEqual(shown.reasons, [
    { kind: 'library', pid: 1, message: 'process 1', unit: '1.service' },
  ])
  assert.equal(shown.ignored[0].why, 'w')
})

test('no text of a process or a path reaches the output as a control character', () => {
  const hostile = fc.string({
    unit: fc.integer({ min: 0, max: 0x2fff }).map((code) => String.fromCharCode(code)),
  })
  const FORBIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/
  fc.assert(
    fc.property(hostile, (text) => {
      const finding: Finding = {
        ...library(1, text),
        unit: text,
        path: text,
        command: text,
        why: text,
      }
      const shown = report([finding], [finding])
      assert.equal(renderLine(shown).indexOf('\n'), renderLine(shown).length - 1)
      const harmless = JSON.parse(
        JSON.stringify(shown).replaceAll(JSON.stringify(text), JSON.stringify(printable(text))),
      )
      assert.equal(renderExplanation(shown), renderExplanation(harmless))
      for (const render of [renderLine, renderExplanation, renderJson])
        assert.doesNotMatch(render(shown), FORBIDDEN)
      assert.equal(JSON.parse(renderJson(shown)).reasons[0].path, text)
    }),
  )
})
