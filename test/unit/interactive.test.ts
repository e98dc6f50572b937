import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInteractive } from '../../src/host/interactive.ts'

const QUESTIONS = { any: /\? $/, known: /known\? $/ }
const talk = (script: string, timeoutMs = 10_000) =>
  runInteractive('/usr/bin/sh', ['-c', script], { timeoutMs }, QUESTIONS)

test('known questions get an empty line, any other the end of the input', async () => {
  const ask = (what: string) => `printf '${what}? ' >&2; read a; echo "$? <$a>"`
  const said = await talk([ask('known'), ask('known'), ask('other'), ask('known')].join('; '))
  assert.deepEqual(said, {
    stdout: '0 <>\n0 <>\n1 <>\n1 <>\n',
    stderr: 'known? known? other? known? ',
    exitCode: 0,
  })
})

test('a question in pieces is one question', async () => {
  const script = 'printf known >&2; sleep 0.1; printf "? " >&2; read a && read b; echo $?'
  // The second read has no question, so nothing comes, and the time is up.
  assert.equal((await talk(script, 500)).exitCode, null)
})

test('a program that ends, or is gone', async () => {
  assert.equal((await talk('exec <&-; printf "known? " >&2; exit 3')).exitCode, 3)
  const none = await runInteractive('/usr/bin/none', [], { timeoutMs: 5000 }, QUESTIONS)
  assert.equal(none.exitCode, 127)
})
