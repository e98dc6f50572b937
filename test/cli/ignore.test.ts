/** `ignore …` where it needs neither pacman nor root. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { makeTree } from '../fixture/tree.ts'
import { asKured, run } from '../fixture/program.ts'

/** Runs a command on a pacman.conf that is given as text, with `@` in it for its directory. */
function ignore(command: string[], text: string, more: Record<string, string> = {}) {
  const files = { 'pacman.conf': text, ...more }
  const root = makeTree(files)
  for (const [path, content] of Object.entries(files)) {
    writeFileSync(join(root, path), content.replaceAll('@', root))
  }
  const conf = join(root, 'pacman.conf')
  const before = readFileSync(conf)
  const [name = '', ...rest] = command
  const ran = run(['ignore', name, '--pacman-conf', conf, ...rest])
  assert.deepEqual(readFileSync(conf), before)
  const local = (said: string) => said.replaceAll(conf, 'CONF').replaceAll(root, '@')
  return { ...ran, stdout: local(ran.stdout), stderr: local(ran.stderr) }
}

for (const command of ['list', 'add', 'remove', 'check']) {
  test(`ignore ${command} --help has an example`, () => {
    const { code, stdout } = run(['ignore', command, '--help'])
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`Example:\n {2}kured-sentinel ignore ${command}`))
    assert.match(stdout, /--pacman-conf <file>.*\/etc\/pacman\.conf/s)
  })
}

describe('bad usage', () => {
  const cases: [words: string[], says: RegExp][] = [
    [['add'], /missing required argument 'package'/],
    [['remove'], /missing required argument 'ignored'/],
    [['add', '-x'], /unknown option '-x'/],
    [['remove', '--dryrun', 'a'], /unknown option '--dryrun'/],
    [['list', 'a'], /too many arguments/],
    [['hold', 'a'], /unknown command 'hold'/],
  ]
  for (const [words, says] of cases) {
    test(words.join(' '), () => {
      const { code, stdout, stderr } = run(['ignore', ...words])
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, says)
    })
  }
})

describe('names that are refused, with the reason', () => {
  const cases: [name: string, reason: RegExp][] = [
    ['a b', /contains a space, where pacman would begin another name/],
    ['a\tb', /contains a tab, which pacman takes as part of the name/],
    ['a,b', /contains a comma, which pacman takes as part of the name/],
    ['#a', /contains a #, which begins a comment only at the start/],
    ['a=1', /contains a =: packages are ignored by name, without a version/],
    ['a[b', /has an unmatched bracket/],
    ['a\u001bb', /contains a control character/],
    ['a\nb', /contains a control character/],
    ['-x', /starts with a -, like an option/],
    ['', /is empty/],
  ]
  for (const [name, reason] of cases) {
    test(JSON.stringify(name), () => {
      const { code, stdout, stderr } = ignore(['add', '--', 'good', name], '[options]\n')
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, reason)
      assert.match(stderr, /; nothing was changed\n$/)
      assert.doesNotMatch(stderr, /[\u0000-\u0009\u000b-\u001f]/)
    })
  }
})

describe('files that pacman stops at', () => {
  const cases: [title: string, text: string, says: RegExp][] = [
    ['a byte order mark', '\ufeff[options]\n', /CONF:1: a byte order mark/],
    ['[options] # x', '# 1\n[options] # x\n', /CONF:2: \[options\] # x does not open a section/],
    ['no match', '[options]\nInclude = @/none*\n', /CONF:2: Include = @\/none\* matches nothing/],
    ['a loop', '[options]\nInclude = @/loop\n', /@\/loop:1: Include leads back to @\/loop: a loop/],
  ]
  const included = { loop: 'Include = @/loop\n' }
  for (const [title, text, says] of cases) {
    for (const command of ['add', 'remove']) {
      test(`${command}: ${title}`, () => {
        const { code, stdout, stderr } = ignore([command, 'a'], text, included)
        assert.deepEqual([code, stdout], [2, ''])
        assert.match(stderr, says)
      })
    }
  }

  test('none at all', () => {
    for (const words of [['list'], ['add', 'a'], ['remove', 'a'], ['check']]) {
      const { code, stderr } = run(['ignore', ...words, '--pacman-conf', '/none/pacman.conf'])
      assert.equal(code, 2)
      assert.match(stderr, /^error: \/none\/pacman\.conf cannot be read: .*no such file/)
    }
  })
})

describe('list', () => {
  const database = { 'db/local/kubelet-1.30-1/desc': '', 'db/local/linux-6.9-1/desc': '' }
  const text = '[options]\nDBPath = @/db\nIgnorePkg = kubelet li*\n[core]\nIgnorePkg = lost\n'

  test('says where entries stand, and what is installed', () => {
    const { code, stdout } = ignore(['list'], text, database)
    assert.equal(code, 0)
    assert.match(
      stdout,
      /^kubelet {2}CONF:3 {2}installed 1\.30-1\nli\* {6}CONF:3 {2}linux installed 6\.9-1\n/,
    )
    assert.match(stdout, /^warning: CONF:5: IgnorePkg has no effect/m)
    assert.match(stdout, /^warning: available versions are uncertain/m)
  })

  test('as JSON', () => {
    const { code, stdout } = ignore(['list', '--json'], text, database)
    assert.equal(code, 0)
    const { key, entries, warnings } = JSON.parse(stdout).details
    assert.equal(key, 'IgnorePkg')
    const packages = [{ name: 'kubelet', installed: '1.30-1' }]
    assert.deepEqual(entries[0], { name: 'kubelet', file: 'CONF', line: 3, packages, warnings: [] })
    assert.match(warnings[0], /IgnorePkg has no effect/)
  })

  test('nothing is ignored', () => {
    assert.equal(ignore(['list'], '[options]\n').stdout, 'IgnorePkg in CONF has no entries\n')
    const { code, stdout } = ignore(['check'], '[options]\n')
    assert.deepEqual([code, stdout], [0, 'no ignored package stops the next upgrade\n'])
  })

  test('no control character of a file reaches the terminal', () => {
    const { stdout } = ignore(
      ['list'],
      '[options]\nDBPath = @/db\nIgnorePkg = a\u001b[2Jb\n',
      database,
    )
    assert.match(stdout, /^a\\u001b\[2Jb {2}CONF:3/)
  })
})

test('to Kured no answer of these commands is a reboot', () => {
  const conf = join(makeTree({ 'pacman.conf': '[options]\n' }), 'pacman.conf')
  const { code, stderr } = asKured(['ignore', 'list', '--pacman-conf', conf])
  assert.equal(code, 2)
  assert.match(stderr, /Kured takes exit code 0 for "reboot"/)
})
