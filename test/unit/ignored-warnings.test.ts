import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newWarnings } from '../../src/ignored/change-plan.ts'

const at = (file: string, line: number, key: string) =>
  `config file ${file}, line ${line}: directive '${key}' in section 'options' not recognized.`

test('an edit is blamed only for the warnings that it adds', () => {
  const before = [at('/etc/pacman.conf', 3, 'TotalDownload'), at('/etc/pacman.conf', 9, 'News')]
  // The lines have moved, and the candidate has another name.
  const after = [at('/etc/.new', 4, 'TotalDownload'), at('/etc/.new', 10, 'News')]
  assert.deepEqual(newWarnings(before, after), [])
  assert.deepEqual(newWarnings(before, after.slice(1)), [])
  const twice = [...after, at('/etc/.new', 11, 'News')]
  assert.deepEqual(newWarnings(before, twice), twice.slice(2))
  const other = at('/etc/.new', 5, 'IgnorePkgs')
  assert.deepEqual(newWarnings(before, [...after, other]), [other])
})
