import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { databasePath, listOption, logPath, readPacmanConf } from '../../src/pacman/conf/conf.ts'
import { sharedConfs } from '../../src/pacman/conf/pacman-conf.ts'
import {
  ARCH,
  ARCH_LINUX_ARM,
  INCLUDED,
  INCLUDES,
  MANJARO,
  THREE_OPTIONS,
} from '../fixture/pacman-confs.ts'

const root = mkdtempSync(join(tmpdir(), 'pacman-conf-'))
after(() => rmSync(root, { recursive: true }))

/** Reads a pacman.conf on a host that has these other files as well; the texts are latin1. */
function read(text: string, files: Record<string, string> = {}) {
  const host = mkdtempSync(join(root, 'host-'))
  for (const [path, content] of Object.entries({ ...files, '/etc/pacman.conf': text })) {
    mkdirSync(dirname(host + path), { recursive: true })
    writeFileSync(host + path, content, 'latin1')
  }
  return readPacmanConf(new Host(host))
}

/** `name file:line` of all entries; the file without its directory. */
function held(conf: ReturnType<typeof read>): string[] {
  const entries = listOption(conf, 'IgnorePkg')
  return entries.map(({ name, file, line }) => `${name} ${file.replace(/^.*\//, '')}:${line}`)
}

function problems(conf: ReturnType<typeof read>): string[] {
  return conf.problems.map(({ file, line, message, fatal }) => {
    return `${file.replace('/etc/', '')}:${line}: ${fatal ? 'fatal: ' : ''}${message}`
  })
}

describe('files as distributions have them', () => {
  const cases: [title: string, text: string, entries: string[]][] = [
    ['Arch Linux', ARCH, []],
    [
      'Arch Linux ARM',
      ARCH_LINUX_ARM,
      ['linux-rpi pacman.conf:4', 'linux-rpi-headers pacman.conf:4'],
    ],
    [
      'Manjaro',
      MANJARO,
      ['kubelet pacman.conf:7', 'kubeadm pacman.conf:7', 'containerd pacman.conf:8'],
    ],
    [
      'many Includes, and the section that leaks into one of them',
      INCLUDES,
      ['kubelet held.conf:2', 'kubeadm held.conf:2', 'late options.conf:4'],
    ],
    ['three [options]', THREE_OPTIONS, ['a pacman.conf:8', 'b pacman.conf:9', 'c pacman.conf:15']],
  ]
  for (const [title, text, entries] of cases) {
    test(title, () => {
      const conf = read(text, INCLUDED)
      assert.deepEqual(held(conf), entries)
      assert.deepEqual(conf.problems, [])
    })
  }
})

describe('a line', () => {
  const cases: [line: string, names: string[]][] = [
    ['IgnorePkg = a b', ['a', 'b']],
    ['  IgnorePkg=a  b  \t', ['a', 'b']],
    ['IgnorePkg = a # b', ['a', '#', 'b']],
    ['IgnorePkg = a,b\tc', ['a,b\tc']],
    ['IgnorePkg = a=b', ['a=b']],
    ['# IgnorePkg = a', []],
    ['; IgnorePkg = a', []],
    ['IgnorePkg =', []],
    ['IgnorePkg = "a b"', ['"a', 'b"']],
    ['IgnorePkg = \xc3\xa9', ['é']],
    ['IgnorePkg = a\xa0', ['a\ufffd']],
  ]
  for (const [line, names] of cases) {
    for (const end of ['\n', '\r\n', '']) {
      test(JSON.stringify(line + end), () => {
        const entries = listOption(read(`[options]${end || '\n'}${line}${end}`), 'IgnorePkg')
        assert.deepEqual(
          entries.map(({ name }) => name),
          names,
        )
      })
    }
  }
})

describe('what pacman refuses or misreads', () => {
  const long = `IgnorePkg = ${'x'.repeat(4082)} tail`
  const section = 'does not open a section: its ] must be the last character'
  const cases: [text: string, expected: string[]][] = [
    [
      '\xef\xbb\xbf[options]\nIgnorePkg = a\n',
      [
        'pacman.conf:1: a byte order mark, which pacman reads as part of the first line; remove it',
        'pacman.conf:1: fatal: \ufeff[options] is before the first section',
      ],
    ],
    ['[options] # x\nIgnorePkg = a\n', [`pacman.conf:1: fatal: [options] # x ${section}`]],
    ['[options]\n[core] # x\n', [`pacman.conf:2: [core] # x ${section}`]],
    [
      `[options]\n${long}\n`,
      ['pacman.conf:2: longer than 4095 bytes: pacman reads the rest as another line'],
    ],
    [
      `[options]\nIgnorePkg = a\0b\n`,
      ['pacman.conf:2: a NUL byte: pacman ignores the rest of the line'],
    ],
    ['Color\n', ['pacman.conf:1: fatal: Color is before the first section']],
    [
      '[Options]\nIgnorePkg = a\n',
      [
        'pacman.conf:2: IgnorePkg has no effect: pacman reads it only in [options], this is [Options] since /etc/pacman.conf:1',
      ],
    ],
    [
      '[options]\nignorepkg = a\n',
      ['pacman.conf:2: ignorepkg is unknown to pacman: write IgnorePkg'],
    ],
    ['[options]\nIgnorePkg\n', ['pacman.conf:2: IgnorePkg needs a value']],
    ['Include\n', ['pacman.conf:1: fatal: Include needs a value']],
    ['[a]\nInclude = /no*\n', ['pacman.conf:2: fatal: Include = /no* matches nothing']],
    ['[a]\nInclude = /none\n', ['pacman.conf:2: fatal: Include = /none matches nothing']],
    ['[a]\nInclude = /etc\n', ['pacman.conf:2: Include = /etc: /etc is not a regular file']],
    [
      'Include = /etc/pacman.conf\n',
      ['pacman.conf:1: fatal: Include leads back to /etc/pacman.conf: a loop'],
    ],
  ]
  for (const [text, expected] of cases) {
    test(JSON.stringify(text.slice(0, 40)), () => assert.deepEqual(problems(read(text)), expected))
  }

  test('a line that is too long is cut as pacman cuts it', () => {
    const names = listOption(read(`[options]\n${long}\n`), 'IgnorePkg').map(
      ({ name }) => name.length,
    )
    assert.deepEqual(names, [4082])
  })

  test('a line of 4,095 bytes is whole', () => {
    const conf = read(`[options]\nIgnorePkg = ${'x'.repeat(4083)}\nIgnoreGroup = g`)
    assert.deepEqual(conf.problems, [])
    assert.equal(listOption(conf, 'IgnorePkg')[0]?.name.length, 4083)
    assert.deepEqual(listOption(conf, 'IgnoreGroup'), [
      { name: 'g', file: '/etc/pacman.conf', line: 3 },
    ])
  })

  test('the file itself cannot be read', () => {
    assert.throws(() => readPacmanConf(new Host(root), '/none'), { code: 'ENOENT' })
  })
})

describe('Include', () => {
  test('ten deep is fine, eleven is not', () => {
    const chain = (depth: number): Record<string, string> => {
      const files: Record<string, string> = { [`/${depth}`]: '[options]\n' }
      for (let index = 1; index < depth; index++) files[`/${index}`] = `Include = /${index + 1}\n`
      return files
    }
    assert.deepEqual(problems(read('Include = /1', chain(10))), [])
    const deep = ['/10:1: fatal: Include is nested more than 10 deep']
    assert.deepEqual(problems(read('Include = /1', chain(11))), deep)
  })

  test('the section of an included file stays', () => {
    const text = '[options]\nIgnorePkg = a\nInclude = /c\nIgnorePkg = lost\n'
    const conf = read(text, { '/c': '[core]\n' })
    assert.deepEqual(held(conf), ['a pacman.conf:2'])
    assert.deepEqual(problems(conf), [
      'pacman.conf:4: IgnorePkg has no effect: pacman reads it only in [options], this is [core] since /c:1',
    ])
  })

  test('a pattern: sorted by bytes, no hidden files, directories in between', () => {
    const line = (name: string) => `IgnorePkg = ${name}\n`
    const files = {
      '/d/a/x.conf': line('a'),
      '/d/a-b/x.conf': line('a-b'),
      '/d/Z/x.conf': line('Z'),
      '/d/.h/x.conf': line('hidden'),
      '/d/b/.x.conf': line('hidden'),
      '/d/f': line('no directory'),
    }
    const names = (pattern: string) =>
      listOption(read(`[options]\nInclude = ${pattern}\n`, files), 'IgnorePkg').map(
        ({ name }) => name,
      )
    assert.deepEqual(names('/d/*/*.conf'), ['Z', 'a-b', 'a'])
    assert.deepEqual(names('/d/*/x.conf'), ['Z', 'a-b', 'a'])
    assert.deepEqual(names('/d//[!a]/x.conf'), ['Z'])
    assert.deepEqual(names('/d/.*/x.conf'), ['hidden'])
    assert.deepEqual(names('/d/b/.x*'), ['hidden'])
    assert.deepEqual(names('/d/\\a/x.conf'), ['a'])
  })
})

type PathCases = [lines: string, path: string][]
const DATABASE_PATHS: PathCases = [
  ['', '/var/lib/pacman'],
  ['DBPath = /srv/db/', '/srv/db'],
  ['DBPath = /a\nDBPath = /b', '/a'],
  ['RootDir = /mnt/', '/mnt/var/lib/pacman'],
  ['RootDir = /mnt\nDBPath = /srv//db//', '/srv/db'],
  ['DBPath =', '/var/lib/pacman'],
  ['DBPath = /', '/'],
  ['[core]\nDBPath = /b', '/var/lib/pacman'],
  ['DBPath = db', `${process.cwd()}/db`],
]
const LOG_PATHS: PathCases = [
  ['', '/var/log/pacman.log'],
  ['LogFile = /a\nLogFile = /b', '/a'],
  ['RootDir = /mnt/', '/mnt/var/log/pacman.log'],
  ['RootDir = /mnt\nLogFile = /a', '/a'],
  ['LogFile =', '/var/log/pacman.log'],
  ['[core]\nLogFile = /b', '/var/log/pacman.log'],
]
for (const [what, pathOf, cases] of [
  ['the database path', databasePath, DATABASE_PATHS],
  ['the path of the log', logPath, LOG_PATHS],
] as const) {
  describe(what, () => {
    for (const [lines, path] of cases) {
      test(JSON.stringify(lines), () => {
        assert.equal(pathOf(read(`[options]\n${lines}\n`)), path)
      })
    }
  })
}

test('what anybody may read has no password of a server, and nothing ignored', () => {
  const servers =
    'Server = https://me:secret@a/$repo\nCacheServer = http://secret@b\nServer = http://c\n'
  const own = 'DBPath = /x\nCacheDir = /c\nXferCommand = /usr/bin/get secret\nIgnorePkg = y\n'
  const { plan, download } = sharedConfs(`[options]\n${own}[core]\n${servers}`, '/work')
  const database = '[options]\nDBPath = /work\n'
  const files = 'CacheDir = /work/cache\nLogFile = /work/log\n'
  assert.equal(plan, `${database}${files}[core]\nServer = file:///\nServer = file:///\n`)
  const rest = 'CacheDir = /c\nXferCommand = /usr/bin/get secret\n'
  assert.equal(download, `${database}${rest}[core]\n${servers}`)
})
