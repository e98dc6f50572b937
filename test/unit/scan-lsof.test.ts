import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLsof } from '../../src/sentinel/scan-lsof.ts'

// The shape of lsof 4.99.4 -F0pfin: a process's line, then one for each file.
const line = (...fields: string[]) => `${fields.join('\0')}\0\n`

test('libraries among the deleted mappings, and deleted executables', () => {
  const output = [
    line('p12'),
    line('ftxt', 'i7', 'n/usr/bin/kubelet (deleted)'),
    line('fDEL', 'i8', 'n/usr/lib/libc.so.6'),
    line('fDEL', 'i9', 'n/usr/lib/locale/locale-archive'),
    line('p13'),
    line('ftxt', 'i10', 'n/usr/bin/fine'),
    line('fDEL', 'i11', 'n/usr/lib/python3/x.so'),
  ].join('')
  assert.deepEqual(parseLsof(output), {
    mappings: [
      { pid: 12, inode: '7', name: '/usr/bin/kubelet (deleted)' },
      { pid: 12, inode: '8', name: '/usr/lib/libc.so.6 (deleted)' },
      { pid: 13, inode: '11', name: '/usr/lib/python3/x.so (deleted)' },
    ],
    problems: [],
  })
})

test('what lsof may not see is not clean', () => {
  const { problems } = parseLsof(
    line('p1') + line('ftxt', 'n/proc/1/exe (readlink: Permission denied)'),
  )
  assert.deepEqual([problems[0]?.kind, problems[0]?.pid], ['unreadable', 1])
})

test('nothing found is nothing found', () =>
  assert.deepEqual(parseLsof(''), { mappings: [], problems: [] }))
