/** The schemas of what --json prints, and what holds the program's output against them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { format } from 'prettier'
import { allCommands, commandTree } from '../../scripts/build/command-tree.ts'
import { jsonPage } from '../../scripts/build/json-page.ts'
import { schemaFiles } from '../../scripts/build/schemas.ts'
import { recordAnswer } from '../../src/commands/record.ts'
import { COMMANDS } from '../../src/envelope/commands.ts'
import { failureOf } from '../../src/envelope/failure.ts'
import { renderEnvelope } from '../../src/envelope/print.ts'
import { SentinelError } from '../../src/errors.ts'
import type { RunRecord } from '../../src/record/run-record.ts'
import { Host } from '../../src/host/host.ts'
import { checkOutput, readEnvelope } from '../fixture/envelope.ts'
import { shipped } from '../fixture/shipped.ts'
import { makeTree } from '../fixture/tree.ts'

test('each command with --json has a schema, and no schema is of another', () => {
  const withJson = allCommands(commandTree())
    .filter(({ path, options }) => path.length > 0 && options.some(hasJson))
    .map(({ path }) => path.join(' '))
  assert.deepEqual(withJson.toSorted(), Object.keys(COMMANDS).toSorted())
})

function hasJson({ flags }: { flags: readonly string[] }): boolean {
  return flags.includes('--json')
}

test('docs/json.md is made of the schemas', async () => {
  const page = await format(jsonPage(), { parser: 'markdown' })
  assert.equal(shipped('docs/json.md'), page, 'run: npm run json-page')
})

test('the files are JSON Schemas of draft 2020-12, and each has its title', () => {
  const ajv = new Ajv2020({ allowUnionTypes: true })
  const files = schemaFiles()
  assert.equal(files.size, Object.keys(COMMANDS).length + 1)
  for (const [name, schema] of files) {
    assert.equal(ajv.validateSchema(schema), true, `${name}: ${ajv.errorsText()}`)
    assert.match(name, /^[a-z-]+\.json$/)
    assert.match(JSON.stringify(schema), /"title":"kured-sentinel .* --json"/)
  }
})

test('record, which only systemd runs', () => {
  const record: RunRecord = {
    job: 'upgrade',
    outcome: 'completed',
    reason: '',
    problems: [],
    packages: 2,
    startedAt: '2026-11-28T01:00:00.000Z',
    endedAt: '2026-11-28T01:01:00.000Z',
    bootId: 'b',
    invocationId: 'i',
  }
  const { startedAt: _, ...cut } = record
  const lastEnd = { ...cut, outcome: 'failed' as const, plan: ['linux'], abandoned: true }
  const cases: [Partial<RunRecord>, string[], number][] = [
    [{}, ['ok'], 0],
    [{ problems: ['a hook failed'], deleted: ['x'], distrusted: ['y'] }, ['ok', 'wrong'], 1],
    [{ outcome: 'skipped', reason: 'no mount', skips: 3, lastEnd }, ['waiting'], 0],
    [{ outcome: 'interrupted', repaired: true }, ['wrong'], 1],
  ]
  for (const [changed, states, exitCode] of cases) {
    const other = recordAnswer({ ...record, job: 'download', ...changed }, [''])
    readEnvelope('record download', renderEnvelope(new Host(), 'record download', other))
    const text = renderEnvelope(
      new Host(),
      'record upgrade',
      recordAnswer({ ...record, ...changed }, ['']),
    )
    const { findings, ...envelope } = readEnvelope('record upgrade', text)
    assert.deepEqual(
      findings.map(({ state }) => state),
      states,
    )
    assert.equal(envelope.exitCode, exitCode)
  }
  const [, told] = recordAnswer(record, ['the fleet could not be told']).findings
  assert.deepEqual([told?.state, told?.message], ['warning', 'the fleet could not be told'])
})

describe('what a test runs is held against the schema of its command', () => {
  const LINE = ['nsenter', '--', 'node', '/x/bin/kured-sentinel.cjs', 'release', '--json']
  const envelope = {
    schemaVersion: 1,
    command: 'release',
    host: 'node1',
    at: '2026-11-28T01:00:00.000Z',
    verdict: 'released',
    exitCode: 0,
    findings: [] as object[],
    details: { released: true } as object,
  }
  const refuses = (changed: object, says: RegExp, code = 0) =>
    assert.throws(() => checkOutput(LINE, JSON.stringify({ ...envelope, ...changed }), code), says)

  test('it fits', () => checkOutput(LINE, JSON.stringify(envelope), 0))
  test('or it is a failure', () => {
    const failure = failureOf(new SentinelError('no', { cause: new Error('why') }), 2)
    const text = renderEnvelope(new Host(makeTree({ 'etc/hostname': 'n\n' })), 'release', failure)
    checkOutput(LINE, text, 2)
    assert.throws(() => readEnvelope('release', text), /"error"/)
  })
  test('without --json, or of another program, it is anything', () => {
    checkOutput(LINE.slice(0, -1), 'released', 0)
    checkOutput(['busctl', '--json'], 'x', 0)
  })
  test('no JSON', () => {
    for (const text of ['', 'released\n', `${JSON.stringify(envelope)}{}`]) {
      assert.throws(() => checkOutput(LINE, text, 0), SyntaxError)
    }
  })
  test('a key that no schema has', () => {
    refuses({ more: 1 }, /additional properties/)
    refuses({ details: { released: true, more: 1 } }, /additional properties/)
    const finding = { kind: 'x', state: 'ok', message: 'x', advice: null, fields: { more: 1 } }
    refuses({ findings: [finding] }, /additional properties/)
  })
  test('a key that is missing, or of another type', () => {
    refuses({ details: {} }, /required property 'released'/)
    refuses({ details: { released: 'yes' } }, /must be boolean/)
    refuses({ host: undefined }, /required property 'host'/)
  })
  test('a word that is none', () => {
    refuses({ verdict: 'ended' }, /must be equal to one of/)
    const finding = { kind: 'x', state: 'bad', message: 'x', advice: null, fields: {} }
    refuses({ findings: [finding] }, /must be equal to one of/)
  })
  test('another exit code, or another command', () => {
    refuses({}, /release/, 1)
    refuses({ command: 'hold', verdict: 'none', details: { hold: null } }, /./)
  })
})
