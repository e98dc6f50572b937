/** What pacman's own checks say after a repair, and which of it a cut has left. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseProblems, fileProblems } from '../../src/repair/verify.ts'

// The lines are pacman's. [6.0.2]
test('files: what is missing or has another content counts, not what tmpfiles and scriptlets change', () => {
  const other = [
    'warning: systemd: /var/log/journal (GID mismatch)',
    'warning: q: /usr/share/q/a (UID mismatch)',
    'warning: q: /usr/share/q/a (Permissions mismatch)',
    'warning: q: /usr/share/q/a (Modification time mismatch)',
    'backup file: m: /etc/m.conf (Size mismatch)',
    'q: 8 total files, 2 altered files',
  ]
  const damage = [
    'warning: q: /usr/share/q/a (No such file or directory)',
    'warning: q: /usr/share/q/a (Size mismatch)',
    'warning: q: /usr/share/q/a (SHA256 checksum mismatch)',
    'warning: q: /usr/share/q (Type mismatch)',
    "error: package 'z' was not found",
  ]
  assert.deepEqual(fileProblems([...other, ...damage]), damage)
})

test('the database: a dependency that was missing before is not the cut’s', () => {
  const old = "error: missing 'nothere' dependency for 'q'"
  const anew = "error: missing 'gone' dependency for 'm'"
  const broken = "error: 'q-1-1': description file is missing"
  const after = ['No database errors have been found!', old, anew, broken]
  assert.deepEqual(databaseProblems(after, [old, broken]), [anew, broken])
})
