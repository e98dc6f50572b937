import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { unifiedDiff } from '../../src/text/diff.ts'
import { addEntries, removeEntries } from '../../src/ignored/edit.ts'
import { ARCH, ARCH_LINUX_ARM, MANJARO, THREE_OPTIONS } from '../fixture/pacman-confs.ts'

const root = mkdtempSync(join(tmpdir(), 'pacman-diff-'))
after(() => rmSync(root, { recursive: true }))

test('a change reads as diff -u shows it', () => {
  const before = '# first\n[options]\r\nIgnorePkg = a'
  const expected = [
    '--- /etc/pacman.conf',
    '+++ /etc/pacman.conf',
    '@@ -1,3 +1,3 @@',
    ' # first',
    ' [options]\r',
    '-IgnorePkg = a',
    '\\ No newline at end of file',
    '+IgnorePkg = a b',
    '\\ No newline at end of file',
    '',
  ]
  const changed = unifiedDiff(before, `${before} b`, '/etc/pacman.conf')
  assert.equal(changed, expected.join('\n'))
})

test('no change, no diff', () => assert.equal(unifiedDiff(ARCH, ARCH, 'x'), ''))

const add = (text: string) => addEntries(text, 'IgnorePkg', ['new'])
const remove = (...names: string[]) => {
  return (text: string) => removeEntries(text, 'IgnorePkg', names)
}
const cases: [title: string, before: string, edit: (text: string) => string][] = [
  ['a line more', ARCH, add],
  ['a line changed', ARCH_LINUX_ARM, add],
  ['a line less', ARCH_LINUX_ARM, remove('linux-rpi', 'linux-rpi-headers')],
  ['two lines close together', MANJARO, remove('kubelet', 'containerd')],
  ['two hunks', THREE_OPTIONS, remove('a', 'c')],
  ['the last line', THREE_OPTIONS, remove('c')],
  ['the last line without an end', '# x\n[options]', add],
  ['all lines', '[options]\n', () => ''],
  ['from nothing', '', () => '[options]\n'],
]
for (const [title, before, edit] of cases) {
  test(`the same as diff -u: ${title}`, () => {
    const [old, now] = [join(root, 'old'), join(root, 'now')]
    writeFileSync(old, before, 'latin1')
    writeFileSync(now, edit(before), 'latin1')
    const args = ['-u', '--label', 'x', '--label', 'x', old, now]
    const expected = spawnSync('/usr/bin/diff', args).stdout.toString('latin1')
    // diff leaves out the length of a range of one line.
    const ours = unifiedDiff(before, edit(before), 'x').replace(/^@@.*$/gm, (head) =>
      head.replace(/,1(?= )/g, ''),
    )
    assert.equal(ours, expected)
  })
}
