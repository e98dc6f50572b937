import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CheckReport } from '../../src/sentinel/check.ts'
import type { Finding } from '../../src/sentinel/finding.ts'
import { renderExplanation } from '../../src/commands/check-explain.ts'
import { checkAnswer } from '../../src/commands/check-answer.ts'
import { renderEnvelope } from '../../src/envelope/print.ts'
import { Host } from '../../src/host/host.ts'
import { printable } from '../../src/text/printable.ts'
import { renderLine } from '../../src/commands/check-line.ts'
import { readEnvelope } from '../fixture/envelope.ts'

const renderJson = (shown: CheckReport) => renderEnvelope(new Host(), 'check', checkAnswer(shown))

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

test('JSON says which findings made the verdict, and shows nothing that only the verdict needs', () => {
  const text = renderJson(report([library(1)], [{ ...library(2), effect: 'none', why: 'w' }]))
  const { findings, details, at } = readEnvelope('check', text)
  const fields = { effect: 'reboot', pid: 1, unit: '1.service', counts: true }
  const [due, note] = findings
  assert.deepEqual(due, {
    kind: 'library',
    state: 'due',
    message: 'process 1',
    advice: null,
    fields,
  })
  assert.deepEqual([note?.state, note?.fields.counts, note?.fields.why], ['note', false, 'w'])
  assert.deepEqual([details, at], [{ bootId: 'b', durationMs: 1 }, 't'])
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
      assert.equal(readEnvelope('check', renderJson(shown)).findings[0]?.fields.path, text)
    }),
  )
})
