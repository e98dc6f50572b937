/** What pacman 6.0.2 and 7.0.0 said, word for word, to `pacman -Su` without input. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findBlockers } from '../../src/ignored/blockers.ts'
import { QUESTIONS, parseSimulation } from '../../src/ignored/simulation-output.ts'

const AVAILABLE = new Map([
  ['x', '2-1'],
  ['y', '2-1'],
])
const blockers = (stdout: string, stderr: string, satisfier: (text: string) => string = () => '') =>
  findBlockers(parseSimulation(stdout, stderr, 1), AVAILABLE, satisfier)

describe('an ignored package is needed in a newer version (6.0.2 and 7.0.0)', () => {
  const stdout = `:: Starting full system upgrade...
resolving dependencies...
:: The following package cannot be upgraded due to unresolvable dependencies:
      y

:: unable to satisfy dependency 'x>=2' required by y

`
  const stderr = `warning: x: ignoring package upgrade (1-1 => 2-1)
warning: ignoring package x-2-1
warning: cannot resolve "x>=2", a dependency of "y"
:: Do you want to skip the above package for this upgrade? [y/N] error: failed to prepare transaction (could not satisfy dependencies)
`
  const x = { package: 'x', installed: '1-1', available: '2-1', kind: 'needed', by: 'y 2-1' }

  test('pacman’s words', () => {
    assert.deepEqual(parseSimulation(stdout, stderr, 1), {
      prepared: false,
      waiting: [
        { name: 'x', installed: '1-1', available: '2-1' },
        { name: 'x', available: '2-1' },
      ],
      obstacles: [{ kind: 'missing', needs: 'x>=2', package: 'y' }],
      errors: [
        'error: failed to prepare transaction (could not satisfy dependencies)',
        ":: unable to satisfy dependency 'x>=2' required by y",
      ],
    })
  })

  test('who is to blame', () => {
    assert.deepEqual(blockers(stdout, stderr), [{ ...x, dependency: 'x>=2' }])
  })

  test('by what it provides', () => {
    const provided = (text: string) => text.replaceAll('x>=2', 'libx.so=2-64')
    const satisfier = (dependency: string) => (dependency === 'libx.so=2-64' ? 'x' : '')
    const found = blockers(provided(stdout), provided(stderr), satisfier)
    assert.deepEqual(found, [{ ...x, dependency: 'libx.so=2-64' }])
  })

  test('not what nobody holds', () => {
    const other = stdout.replace("'x>=2' required by y", "'z' required by y")
    assert.deepEqual(blockers(other, stderr), [])
  })
})

test('an ignored package needs what goes (6.0.2 and 7.0.0)', () => {
  const stderr = `warning: h: ignoring package upgrade (1-1 => 2-1)
error: failed to prepare transaction (could not satisfy dependencies)
`
  const h = { package: 'h', installed: '1-1', available: '2-1', kind: 'needs' }
  for (const by of ['installing x (2-1)', 'removing x']) {
    const stdout = `looking for conflicting packages...\n:: ${by} breaks dependency 'x=1' required by h\n`
    assert.deepEqual(blockers(stdout, stderr), [{ ...h, dependency: 'x=1', by }])
  }
})

for (const [version, y, h] of [
  ['6.0.2', 'y', 'h'],
  ['7.0.0', 'y-2-1', 'h-1-1'],
]) {
  test(`an ignored package is in conflict (${version})`, () => {
    const stdout = `looking for conflicting packages...\n:: ${y} and ${h} are in conflict (h<2)\n\n`
    const stderr = `warning: h: ignoring package upgrade (1-1 => 2-1)
:: ${y} and ${h} are in conflict. Remove h? [y/N] error: unresolvable package conflicts detected
error: failed to prepare transaction (conflicting dependencies)
`
    const found = blockers(stdout, stderr).map((one) => [one.package, one.kind, one.by])
    assert.deepEqual(found, [['h', 'conflict', y]])
  })
}

test('how far it got', () => {
  const proceed =
    'warning: x: ignoring package upgrade (1-1 => 2-1)\n:: Proceed with installation? [Y/n] '
  assert.ok(parseSimulation('Packages (1) y-2-1\n', proceed, 1).prepared)
  assert.ok(parseSimulation(' there is nothing to do\n', '', 0).prepared)
  assert.ok(!parseSimulation('', 'error: no targets specified\n', 1).prepared)
  assert.ok(!parseSimulation('', '', 0).prepared)
  assert.ok(!parseSimulation(' there is nothing to do\n', 'error: x\n', 1).prepared)
})

test('a replacement that waits', () => {
  const stderr = 'warning: ignoring package replacement (my-h-1:1.0-1 => n-2-1)\n'
  assert.deepEqual(parseSimulation('', stderr, 0).waiting, [
    { name: 'my-h', installed: '1:1.0-1', available: '2-1', replacement: 'n' },
  ])
})

describe('questions (6.0.2 and 7.0.0)', () => {
  const cases: [text: string, question: boolean, answered: boolean][] = [
    [':: Replace o with core/n? [Y/n] ', true, true],
    ['\nEnter a number (default=1): ', true, true],
    [':: Proceed with installation? [Y/n] ', true, false],
    [':: Replace o with core/n? [Y/n] :: Proceed with installation? [Y/n] ', true, false],
    [':: y and h are in conflict. Remove h? [y/N] ', true, false],
    [':: Do you want to skip the above package for this upgrade? [y/N] ', true, false],
    [':: Proceed with installation? [Y/', false, false],
    ['warning: x: ignoring package upgrade (1-1 => 2-1)\n', false, false],
  ]
  for (const [text, question, answered] of cases) {
    test(JSON.stringify(text), () => {
      assert.deepEqual([QUESTIONS.any.test(text), QUESTIONS.known.test(text)], [question, answered])
    })
  }
})
