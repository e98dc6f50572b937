import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/config.ts'
import type { Finding } from '../../src/sentinel/finding.ts'
import { whyIgnored } from '../../src/sentinel/ignore-rules.ts'

const LIBRARY: Finding = {
  kind: 'library',
  effect: 'reboot',
  message: '',
  pid: 40,
  command: 'sshd',
  unit: 'sshd.service',
  path: '/usr/lib/libc.so.6',
  byPacman: true,
}
const EXECUTABLE: Finding = { ...LIBRARY, kind: 'executable', path: '/usr/bin/sshd' }
const UNPACKED: Finding = { ...LIBRARY, path: '/opt/jna/native.so', byPacman: false }
const { unit: _, ...WITHOUT_UNIT } = LIBRARY

const why = (finding: Finding, lines: string, userSlice = false) =>
  whyIgnored(finding, userSlice, parseConfig(`[sentinel]\n${lines}`, ''))

test('by default all counts that pacman replaced, and nothing else', () => {
  assert.equal(why(LIBRARY, ''), undefined)
  assert.equal(why(EXECUTABLE, ''), undefined)
  assert.equal(why(LIBRARY, '', true), undefined)
  assert.equal(why(UNPACKED, ''), 'pacman has not replaced it in this boot')
  assert.equal(why(UNPACKED, 'count = deleted\n'), undefined)
  assert.equal(why(LIBRARY, 'count = deleted\n'), undefined)
})

test('executables = no takes out executables alone', () => {
  assert.equal(why(EXECUTABLE, 'executables = no\n'), 'executables = no')
  assert.equal(why(LIBRARY, 'executables = no\n'), undefined)
})

test('user-slice = no takes out the processes of sessions alone', () => {
  assert.equal(why(LIBRARY, 'user-slice = no\n', true), 'user-slice = no')
  assert.equal(why(LIBRARY, 'user-slice = no\n'), undefined)
})

for (const [line, other] of [
  ['ignore-path = /usr/lib/*', 'ignore-path = /usr/lib'],
  ['ignore-command = ssh?', 'ignore-command = ssh'],
  ['ignore-unit = ssh*.service', 'ignore-unit = ssh'],
] as const) {
  test(`${line} takes out what all of matches, and is the reason`, () => {
    assert.equal(why(LIBRARY, `${line}\n`), line)
    assert.equal(why(LIBRARY, `${other}\n`), undefined)
    const key = line.split(' ')[0]
    assert.equal(why(LIBRARY, `${key} = none\n${line}\n`), line, 'the second of two')
  })
}

test('a user’s own units are named by the user: ignore-unit does not take them out', () => {
  assert.equal(why(LIBRARY, 'ignore-unit = *\n', true), undefined)
  assert.equal(why(LIBRARY, 'ignore-command = *\n', true), 'ignore-command = *')
})

test('what has no path, command or unit no pattern takes out', () => {
  assert.equal(why(WITHOUT_UNIT, 'ignore-unit = *\n'), undefined)
  const bare: Finding = { kind: 'library', effect: 'reboot', message: '' }
  const all = 'ignore-path = *\nignore-command = *\nignore-unit = *\n'
  assert.equal(why(bare, all), undefined)
})
