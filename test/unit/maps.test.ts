import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { deletedExecutable, LINE_MARK, parseMapsLine, possiblePaths } from '../../src/proc/maps.ts'
import { parseMatches } from '../../src/sentinel/scan-proc.ts'
import { mapsLine } from '../fixture/host.ts'

const parse = (line: string) => parseMapsLine(7, line.replace(/\n$/, ''))

test('an executable mapping of a deleted file is read', () => {
  assert.deepEqual(parse(mapsLine('/usr/lib/libc.so.6 (deleted)', 42)), {
    pid: 7,
    link: 'map_files/7f1c8d628000-7f1c8d7bd000',
    name: '/usr/lib/libc.so.6 (deleted)',
    device: '254:1',
    inode: '42',
  })
})

test('an executable that is deleted is read as maps would name it', () => {
  const executable = (target: string) => deletedExecutable(7, target)?.name
  assert.equal(executable('/usr/bin/a\nb (deleted)'), '/usr/bin/a\\012b (deleted)')
  assert.deepEqual(['/usr/bin/a', '/home/a (deleted)', '/memfd:runc (deleted)'].map(executable), [
    undefined,
    undefined,
    undefined,
  ])
})

test('a name keeps its blanks, and an inode beyond 2^53 its digits', () => {
  const mapping = parse(mapsLine('/opt/a b/  c.so (deleted)', '18446744073709551615'))
  assert.deepEqual(
    [mapping?.name, mapping?.inode],
    ['/opt/a b/  c.so (deleted)', '18446744073709551615'],
  )
})

for (const [what, line] of [
  ['a mapping that is not executable', mapsLine('/usr/lib/libc.so.6 (deleted)', 1, 'r--p')],
  ['a file that is there', mapsLine('/usr/lib/libc.so.6')],
  ['anonymous memory', '7ffd1b9e6000-7ffd1ba07000 rwxp 00000000 00:00 0\n'],
  ['a name that is no path', mapsLine('anon_inode:x (deleted)')],
  ['half a line', '7ffd1b9e6000-7ff (deleted)'],
] as const) {
  test(`not read: ${what}`, () => assert.equal(parse(line), undefined))
}

test('a file that NFS renamed, as it was removed in use, counts as deleted', () => {
  const name = '/usr/lib/.nfs0000000001a2b3c400000012'
  assert.equal(parse(mapsLine(name))?.name, name)
  assert.equal(deletedExecutable(7, name)?.name, name)
  assert.deepEqual(possiblePaths(name), [])
})

test('a name can stand for several paths', () => {
  assert.deepEqual(possiblePaths('/usr/a (deleted)'), ['/usr/a', '/usr/a (deleted)'])
  assert.deepEqual(possiblePaths('/usr/a\\012b (deleted)'), [
    '/usr/a\\012b',
    '/usr/a\nb',
    '/usr/a\\012b (deleted)',
    '/usr/a\nb (deleted)',
  ])
})

test('grep finds every line that the parser takes', () => {
  const directories = [
    '/usr/lib',
    '/opt',
    '/lib',
    '/lib64',
    '/bin',
    '/sbin',
    '/var/lib',
    '/dev/shm',
    '/usrlib',
    '/home/usr',
    '/libx',
    '',
  ]
  const names = [
    'a.so (deleted)',
    'a (deleted) (deleted)',
    'a b.so (deleted)',
    'a.so',
    '.nfs0000000001a2b3c400000012',
    '.nfs12',
    'deleted)',
  ]
  const lines = directories.flatMap((directory) =>
    names.flatMap((name) =>
      ['r-xp', 'r--p', '--xs'].map((mode) => mapsLine(`${directory}/${name}`, 1, mode)),
    ),
  )
  lines.push(
    mapsLine('/memfd:/usr/lib/x (deleted)'),
    '7ffd1b9e6000-7ffd1ba07000 rwxp 00000000 00:00 0\n',
  )
  const { stdout } = spawnSync('grep', ['-a', '-E', '-e', LINE_MARK], {
    input: lines.join(''),
    encoding: 'utf8',
    env: { LC_ALL: 'C', PATH: '/usr/bin' },
  })
  const taken = lines.filter((line) => parse(line) !== undefined)
  assert.deepEqual(
    taken.filter((line) => !stdout.includes(line)),
    [],
  )
  assert.equal(taken.length, 6 * 4 * 2)
})

test('30,000 lines, and a line longer than any pipe or read buffer', () => {
  const long = `/usr/lib/${'x'.repeat(200_000)}.so (deleted)`
  const lines = Array.from(
    { length: 30_000 },
    (_, i) => `9/maps\0${mapsLine(`/usr/lib/${i}.so (deleted)`)}`,
  )
  const mappings = parseMatches(Buffer.from([...lines, `12/maps\0${mapsLine(long)}`].join('')))
  assert.equal(mappings.length, 30_001)
  assert.deepEqual([mappings.at(-1)?.pid, mappings.at(-1)?.name], [12, long])
})

test('no input crashes the parser, and what it reads it read right', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))
  fc.assert(
    fc.property(text, (line) => {
      const mapping = parse(line)
      if (mapping !== undefined) assert.ok(line.endsWith(mapping.name))
    }),
  )
  const name = fc
    .string({ unit: 'grapheme' })
    .map((s) => `/usr/${s.replaceAll('\n', '\\012').replaceAll('\0', '')} (deleted)`)
  fc.assert(
    fc.property(name, fc.nat(), (path, inode) => {
      assert.deepEqual(
        [parse(mapsLine(path, inode))?.name, parse(mapsLine(path, inode))?.inode],
        [path, String(inode)],
      )
      assert.deepEqual(parseMatches(Buffer.from(`7/maps\0${mapsLine(path, inode)}`)), [
        parse(mapsLine(path, inode)),
      ])
    }),
  )
})
