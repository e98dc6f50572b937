import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLsof } from '../../src/sentinel/scan-lsof.ts'

// The shape of lsof 4.99.4 -F0pfn: a process's line, then one for each file.
const line = (...fields: string[]) => `${fields.join('\0')}\0\n`

test('deleted mappings and executables, by process', () => {
  const output = [
    line('p12'),
    line('ftxt', 'n/usr/bin/kubelet (deleted)'),
    line('fDEL', 'n/usr/lib/libc.so.6'),
    line('p13'),
    line('ftxt', 'n/usr/bin/fine'),
    line('fDEL', 'n/usr/lib/python3/x.so'),
  ].join('')
  const { names, problems } = parseLsof(output)
  assert.deepEqual(
    [...(names.get(12) ?? [])],
    ['/usr/bin/kubelet (deleted)', '/usr/lib/libc.so.6 (deleted)'],
  )
  assert.deepEqual([...(names.get(13) ?? [])], ['/usr/lib/python3/x.so (deleted)'])
  assert.deepEqual(problems, [])
})

test('what lsof may not see is not clean', () => {
  const { problems } = parseLsof(
    line('p1') + line('ftxt', 'n/proc/1/exe (readlink: Permission denied)'),
  )
  assert.deepEqual(problems, [{ pid: 1, message: '/proc/1/exe (readlink: Permission denied)' }])
})

test('nothing found is nothing found', () => assert.equal(parseLsof('').names.size, 0))
