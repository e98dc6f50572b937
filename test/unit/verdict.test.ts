import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Effect, Finding } from '../../src/sentinel/finding.ts'
import { decide } from '../../src/sentinel/verdict.ts'

const finding = (effect: Effect): Finding => ({ kind: 'library', effect, message: effect })

for (const [effects, verdict, exitCode] of [
  [[], 'none', 1],
  [['none'], 'none', 1],
  [['reboot'], 'reboot', 0],
  [['reboot', 'none'], 'reboot', 0],
  [['attention'], 'attention', 2],
  [['reboot', 'attention'], 'attention', 2],
  [['busy'], 'none', 1],
  [['reboot', 'busy'], 'none', 1],
  [['held'], 'none', 1],
  [['reboot', 'held'], 'none', 1],
  [['reboot', 'held', 'attention'], 'none', 1],
  [['attention', 'busy', 'reboot'], 'none', 1],
] as const) {
  test(`[${effects.join(', ')}] → ${verdict}`, () => {
    const decided = decide(effects.map(finding))
    assert.deepEqual([decided.verdict, decided.exitCode], [verdict, exitCode])
  })
}

test('0 only for findings that ask for it and none that forbids it; nothing is lost; what is ignored says why', () => {
  const effect = fc.constantFrom<Effect>('reboot', 'attention', 'busy', 'held', 'none')
  fc.assert(
    fc.property(fc.array(effect), (effects) => {
      const { exitCode, reasons, ignored } = decide(
        effects.map((e) => ({ ...finding(e), ...(e === 'none' && { why: 'w' }) })),
      )
      const forbidden = effects.some((e) => e === 'busy' || e === 'held' || e === 'attention')
      assert.equal(exitCode === 0, effects.includes('reboot') && !forbidden)
      assert.equal(reasons.length + ignored.length, effects.length)
      assert.ok(ignored.every(({ why }) => why))
    }),
  )
})
