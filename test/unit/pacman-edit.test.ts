import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { unifiedDiff } from '../../src/text/diff.ts'
import { addEntries, type ListKey, removeEntries } from '../../src/ignored/edit.ts'
import { checkName } from '../../src/ignored/name.ts'
import {
  ARCH,
  ARCH_LINUX_ARM,
  confText,
  INCLUDED,
  MANJARO,
  THREE_OPTIONS,
} from '../fixture/pacman-confs.ts'

const add = (text: string, ...names: string[]) => addEntries(text, 'IgnorePkg', names)
const remove = (text: string, ...names: string[]) => removeEntries(text, 'IgnorePkg', names)

/** The changed lines of a diff alone. */
function changes(before: string, after: string): string[] {
  const lines = unifiedDiff(before, after, 'x').split('\n').slice(2)
  return lines.filter((line) => /^[-+\\]/.test(line))
}

describe('where a name goes', () => {
  const cases: [title: string, before: string, changed: string[]][] = [
    ['below a commented line, spaced alike', ARCH, ['+IgnorePkg   = new']],
    [
      'at the end of the list',
      ARCH_LINUX_ARM,
      [
        '-IgnorePkg    = linux-rpi linux-rpi-headers',
        '+IgnorePkg    = linux-rpi linux-rpi-headers new',
      ],
    ],
    [
      'on the last line of the block',
      MANJARO,
      ['-IgnorePkg = containerd', '+IgnorePkg = containerd new'],
    ],
    ['in the first block that has a list', THREE_OPTIONS, ['-IgnorePkg = b', '+IgnorePkg = b new']],
    ['before any Include', INCLUDED['/etc/pacman.d/options.conf'], ['+IgnorePkg = new']],
    ['below an empty line of the list', '[options]\nIgnorePkg =\n', ['+IgnorePkg = new']],
    ['below the head', '[core]\nUsage = All\n[options]\n[extra]\n', ['+IgnorePkg = new']],
    ['not in another section', '[core]\nIgnorePkg = a\n[options]\n', ['+IgnorePkg = new']],
    ['not below a comment elsewhere', '#IgnorePkg =\n[options]\n', ['+IgnorePkg = new']],
  ]
  for (const [title, before, changed] of cases) {
    test(title, () => {
      const after = add(before, 'new')
      assert.deepEqual(changes(before, after), changed)
      assert.equal(remove(after, 'new'), before)
    })
  }

  test('the line below the head comes before the Include there', () => {
    const after = add(INCLUDED['/etc/pacman.d/options.conf'], 'new')
    assert.match(after, /^\[options\]\nIgnorePkg = new\n/)
  })

  test('without an [options] section there is none', () => {
    assert.throws(() => add('[core]\nUsage = All\n', 'a'), /no \[options\] section/)
  })

  test('a bad name changes nothing', () => {
    assert.throws(() => add(ARCH, 'good', 'a,b'), /a,b contains a comma/)
  })
})

describe('bytes that stay', () => {
  const cases: [title: string, before: string, after: string][] = [
    ['CR LF', '[options]\r\nIgnorePkg = a\r\n', '[options]\r\nIgnorePkg = a b\r\n'],
    ['CR LF, a new line', '[options]\r\n[core]\r\n', '[options]\r\nIgnorePkg = b\r\n[core]\r\n'],
    ['no last newline', '[options]\nIgnorePkg = a', '[options]\nIgnorePkg = a b'],
    ['no last newline, a new line', '# x\n[options]', '# x\n[options]\nIgnorePkg = b'],
    ['no last CR LF', '# x\r\n[options]', '# x\r\n[options]\r\nIgnorePkg = b'],
    ['a lone CR at the end', '# x\n[options]\r', '# x\n[options]\r\nIgnorePkg = b'],
    ['blanks at the end', '[options]\nIgnorePkg=a \t \n', '[options]\nIgnorePkg=a b \t \n'],
    ['indentation', '[options]\n\tIgnorePkg  =  a\n', '[options]\n\tIgnorePkg  =  a b\n'],
    ['bytes that are no text', '[options]\n#\xff\xfe\n', '[options]\nIgnorePkg = b\n#\xff\xfe\n'],
  ]
  for (const [title, before, after] of cases) {
    test(title, () => {
      assert.equal(add(before, 'b'), after)
      assert.equal(remove(after, 'b'), before)
    })
  }

  test('what is there is not added again', () => {
    assert.equal(add(MANJARO, 'kubelet', 'containerd'), MANJARO)
    assert.equal(add('[options]\n', 'b', 'b'), '[options]\nIgnorePkg = b\n')
  })
})

describe('removing', () => {
  const cases: [before: string, after: string][] = [
    ['IgnorePkg = a b c', 'IgnorePkg = a c'],
    ['IgnorePkg = b c', 'IgnorePkg = c'],
    ['IgnorePkg = a b # why', 'IgnorePkg = a # why'],
    ['IgnorePkg = bb b* ab', 'IgnorePkg = bb b* ab'],
    ['# IgnorePkg = b', '# IgnorePkg = b'],
    ['IgnoreGroup = b', 'IgnoreGroup = b'],
    ['IgnorePkg = b b', ''],
    ['IgnorePkg = a\nIgnorePkg = b\nIgnorePkg = b c', 'IgnorePkg = a\nIgnorePkg = c'],
  ]
  for (const [before, after] of cases) {
    test(before, () => {
      const end = after === '' ? '' : '\n'
      assert.equal(remove(`[options]\n${before}\n`, 'b'), `[options]\n${after}${end}`)
    })
  }

  test('an entry that could not be added, too', () => {
    const text = '[options]\nIgnorePkg = a, # \xc3\xa9 \xe9\n'
    assert.equal(remove(text, '#', '\u00e9', 'a,'), '[options]\nIgnorePkg = \xe9\n')
  })
})

test('no line grows beyond what pacman reads', () => {
  const names = Array.from({ length: 900 }, (_, index) => `package-number-${index}`)
  const after = add(ARCH_LINUX_ARM, ...names)
  const lines = after.split('\n')
  assert.ok(lines.every((line) => line.length + 1 < 4095))
  assert.equal(lines.filter((line) => line.startsWith('IgnorePkg    = ')).length, 5)
  assert.equal(remove(after, ...names), ARCH_LINUX_ARM)
})

const newName = fc.stringMatching(/^new-[a-z0-9@._+*?-]{1,12}$/)
const file = confText(['/etc/pacman.d/mirrorlist'], 5).filter((text) =>
  /^\s*\[options\]\s*$/m.test(text),
)

test('whatever the file: adding, then removing gives back the same bytes', () => {
  const property = fc.property(
    file,
    fc.constantFrom<ListKey>('IgnorePkg', 'IgnoreGroup'),
    fc.uniqueArray(newName, { minLength: 1, maxLength: 5 }),
    (text, key, names) => {
      fc.pre(readable(text))
      const added = addEntries(text, key, names)
      assert.equal(addEntries(added, key, names), added)
      assert.equal(removeEntries(added, key, names), text)
      // one by one as well
      const grown = names.reduce((before, name) => addEntries(before, key, [name]), text)
      assert.equal(
        names.reduce((before, name) => removeEntries(before, key, [name]), grown),
        text,
      )
    },
  )
  fc.assert(property, { numRuns: 3000 })
})

/** Whether there is an [options] for pacman at all. */
function readable(text: string): boolean {
  try {
    addEntries(text, 'IgnorePkg', ['x'])
    return true
  } catch {
    return false
  }
}

describe('names', () => {
  for (const name of [
    'kubelet',
    'linux*',
    'lib32-glibc',
    'gtk2+extra',
    'python@3',
    'k[ab]?',
    'x[]a]',
    'a_b',
    'k\\*',
  ]) {
    test(`${name} is one`, () => assert.equal(checkName(name), undefined))
  }
  const bad: [name: string, reason: RegExp][] = [
    ['', /empty/],
    ['-x', /option/],
    ['--noconfirm', /option/],
    ['!linux', /exceptions/],
    ['.hidden', /dot/],
    ['a b', /space/],
    ['a\tb', /tab/],
    ['a,b', /comma/],
    ['#a', /comment/],
    ['a=1.0', /version/],
    ['a>=1', /version/],
    ['core/a', /repository/],
    ['a\nb', /control/],
    ['a\u007f', /control/],
    ['a\u0085', /control/],
    ['a[b', /bracket/],
    ['a]b', /bracket/],
    ['a[]', /bracket/],
    ['a[!]', /bracket/],
    ['a\\', /backslash/],
    ['é', /no package name/],
    ["a'b", /no package name/],
    ['a'.repeat(256), /longer/],
  ]
  for (const [name, reason] of bad) {
    test(`${JSON.stringify(name.slice(0, 20))} is none`, () =>
      assert.match(checkName(name) ?? '', reason))
  }
})
