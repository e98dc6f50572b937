import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeErrors, parsePacmanOutput } from '../../src/pacman/log/pacman-output.ts'
import { isDistrust } from '../../src/pacman/signatures.ts'
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
    details: [],
    refused: [],
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

const REFUSALS: [what: string, output: string, details: string[]][] = [
  [
    'files that are there already',
    `:: Proceed with installation? [Y/n]
(2/2) checking for file conflicts
error: failed to commit transaction (conflicting files)
b: /usr/share/a exists in filesystem (owned by a)
b: /etc/x.conf exists in filesystem
/usr/share/c exists in both 'b' and 'c'
Errors occurred, no packages were upgraded.`,
    [
      'b: /usr/share/a exists in filesystem (owned by a)',
      'b: /etc/x.conf exists in filesystem',
      "/usr/share/c exists in both 'b' and 'c'",
    ],
  ],
  [
    'packages in conflict',
    `looking for conflicting packages...
:: a-3-1 and b-1-1 are in conflict. Remove b? [y/N]
error: unresolvable package conflicts detected
error: failed to prepare transaction (conflicting dependencies)
:: a-3-1 and b-1-1 are in conflict`,
    ['a-3-1 and b-1-1 are in conflict'],
  ],
  [
    'dependencies',
    `resolving dependencies...
:: The following package cannot be upgraded due to unresolvable dependencies:
      y

:: Do you want to skip the above package for this upgrade? [y/N]
error: failed to prepare transaction (could not satisfy dependencies)
:: unable to satisfy dependency 'x>=2' required by y
:: installing b (2-1) breaks dependency 'b=1' required by old`,
    [
      "unable to satisfy dependency 'x>=2' required by y",
      "installing b (2-1) breaks dependency 'b=1' required by old",
    ],
  ],
  [
    'a package that is not what was signed',
    `checking package integrity...
:: File /c/b-2-1-any.pkg.tar.gz is corrupted (invalid or corrupted package (PGP signature)).
Do you want to delete it? [Y/n]
error: failed to commit transaction (invalid or corrupted package)
Errors occurred, no packages were upgraded.`,
    ['File /c/b-2-1-any.pkg.tar.gz is corrupted (invalid or corrupted package (PGP signature)).'],
  ],
  [
    'another architecture',
    `error: failed to prepare transaction (package architecture is not valid)
:: package b-2-1-riscv64 does not have a valid architecture`,
    ['package b-2-1-riscv64 does not have a valid architecture'],
  ],
]

for (const [what, output, details] of REFUSALS) {
  test(`the lines beside an error are kept: ${what}`, () => {
    const steps = [':: Starting full system upgrade...', ':: Processing package changes...']
    const said = parsePacmanOutput([...steps, ...output.split('\n')], [])
    assert.deepEqual(said.details, details)
  })
}

test('errors with what they are about; of many, the number', () => {
  const details = ['a', 'b', 'b', 'c', 'd', 'e', 'f', 'g']
  assert.deepEqual(describeErrors(['no', 'no'], { details }), [
    'no',
    ...'abcde'.split(''),
    'and 2 more',
  ])
})

test('the files that pacman has not accepted, by pacman 7.0.0', () => {
  const output = `:: File /var/cache/pacman/pkg/a-2-1-any.pkg.tar.gz is corrupted (invalid or corrupted package (PGP signature)).
Do you want to delete it? [Y/n]
:: File /srv/my cache/b-1:2-1-any.pkg.tar.zst is corrupted (invalid or corrupted package (checksum)).
Do you want to delete it? [Y/n]
Errors occurred, no packages were upgraded.`
  assert.deepEqual(parsePacmanOutput(output.split('\n'), []).refused, [
    '/var/cache/pacman/pkg/a-2-1-any.pkg.tar.gz',
    '/srv/my cache/b-1:2-1-any.pkg.tar.zst',
  ])
})

test('a newer keyring may help against these, and not against others', () => {
  const may = [
    'a: signature from "P <p@x>" is unknown trust',
    'a: signature from "P <p@x>" is marginal trust',
    'a: key "C2BED76ABB9F48B3" is unknown',
    'key "C2BED76ABB9F48B3" could not be looked up remotely',
    'key "C2BED76ABB9F48B3" could not be imported',
    'required key missing from keyring',
    'the keyring lacks a key (Import PGP key C2BED76ABB9F48B3, "Unknown Packager")',
  ]
  const cannot = [
    'a: missing required signature',
    'a: signature from "P <p@x>" is invalid',
    'a: signature from "P <p@x>" should never be trusted',
    'File /x is corrupted (invalid or corrupted package (checksum))',
    'failed to commit transaction (invalid or corrupted package (PGP signature))',
  ]
  assert.deepEqual([...may, ...cannot].filter(isDistrust), may)
})

test('an error in the line of a question is told, by pacman 7.0.0 into the journal', () => {
  const output = `:: Import PGP key C2BED76ABB9F48B3, "Unknown Packager"? [Y/n] error: key "C2BED76ABB9F48B3" could not be looked up remotely
error: required key missing from keyring
:: File /var/cache/pacman/pkg/a-2-1-any.pkg.tar.gz is corrupted (invalid or corrupted package (checksum)).
Do you want to delete it? [Y/n] error: failed to commit transaction (invalid or corrupted package (checksum))`
  assert.deepEqual(parsePacmanOutput(output.split('\n'), []).errors, [
    'key "C2BED76ABB9F48B3" could not be looked up remotely',
    'required key missing from keyring',
    'failed to commit transaction (invalid or corrupted package (checksum))',
  ])
})
