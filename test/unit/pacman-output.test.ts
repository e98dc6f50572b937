import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePacmanOutput } from '../../src/pacman/log/pacman-output.ts'
import { COMPLETED_OUTPUT } from '../fixture/pacman-log.ts'

const HOOKS = ['90-bad.hook', '91-none.hook', '92-signal.hook', '93-good.hook']

test('failed hooks by file and title, failed scriptlets by package', () => {
  assert.deepEqual(parsePacmanOutput(COMPLETED_OUTPUT, HOOKS), {
    failed: [
      'the scriptlet of a: command failed to execute correctly',
      '90-bad.hook (A bad hook): command failed to execute correctly',
      '91-none.hook (A hook without program): command failed to execute correctly',
      '92-signal.hook: command terminated by signal 11: Segmentation fault',
    ],
    failures: [
      { of: 'scriptlet', name: 'a' },
      { of: 'hook', name: '90-bad.hook' },
      { of: 'hook', name: '91-none.hook' },
      { of: 'hook', name: '92-signal.hook' },
    ],
    errors: [],
    sandbox: [
      'restricting filesystem access failed because landlock is not supported by the kernel!',
    ],
    nothingToDo: false,
    understood: true,
  })
})

test('where the log is gone, by title', () => {
  const { failed } = parsePacmanOutput(COMPLETED_OUTPUT, [])
  assert.equal(failed[1], 'the hook "A bad hook": command failed to execute correctly')
})

test('a hook’s own output is not taken for the next hook', () => {
  const output = [':: Running post-transaction hooks...', '(1/2) One', '(2/9) x', '(1/2) y']
  const { failed } = parsePacmanOutput(
    [...output, 'error: command failed to execute correctly'],
    [],
  )
  assert.deepEqual(failed, ['the hook "One": command failed to execute correctly'])
})

test('a failed pre-transaction hook, by pacman 6.0.2 and 7.0.0', () => {
  const output = `:: Starting full system upgrade...
:: Running pre-transaction hooks...
(1/1) 90-pre.hook
error: command failed to execute correctly
error: failed to commit transaction (failed to run transaction hooks)
Errors occurred, no packages were upgraded.`
  const said = parsePacmanOutput(output.split('\n'), ['90-pre.hook'])
  assert.deepEqual(said.failed, ['90-pre.hook: command failed to execute correctly'])
  assert.deepEqual(said.errors, ['failed to commit transaction (failed to run transaction hooks)'])
})

test('another language is not understood, and nothing to do is', () => {
  const german = ['\u001b[?25h:: Vollständige Systemaktualisierung wird gestartet...']
  assert.equal(parsePacmanOutput(german, []).understood, false)
  const { nothingToDo } = parsePacmanOutput([' there is nothing to do'], [])
  assert.equal(nothingToDo, true)
})
