import assert from 'node:assert/strict'
import { chmodSync, linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { errorText, SentinelError } from '../../src/errors.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { readFacts } from '../../src/sentinel/file-facts.ts'
import { makeTree } from '../fixture/tree.ts'

/** By a call of our own, and through stat(1): both must say the same. */
const WAYS = [
  ['at once', () => true],
  ['through stat(1)', () => false],
] as const

const ODD = [
  '/opt/a b',
  '/opt/line\nfeed',
  "/opt/quote'",
  '/opt/"',
  '/opt/$(x)`y`\\z',
  '/opt/tab\there',
  '/opt/ü',
  '/opt/-n',
  '/opt/%n%i',
  '/opt/x: No such file or directory',
]
const LONG = `/opt${`/${'x'.repeat(250)}`.repeat(15)}/file`

function made(...paths: string[]) {
  const root = makeTree({ 'opt/x': '' })
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), '')
  }
  return { root, host: new Host(root) }
}

for (const [how, answersAtOnce] of WAYS) {
  describe(`what a path leads to, ${how}`, () => {
    const read = (host: Host, ...paths: string[]) =>
      readFacts(host, paths, answersAtOnce, new Deadline(10_000))

    test('a file, through a link, with two names', async () => {
      const { root, host } = made('/opt/file')
      const file = join(root, 'opt/file')
      chmodSync(file, 0o4711)
      linkSync(file, join(root, 'opt/other'))
      symlinkSync('file', join(root, 'opt/link'))
      const { dev, ino, uid } = statSync(file, { bigint: true })
      const facts = {
        device: String(dev),
        inode: String(ino),
        owner: String(uid),
        links: 2,
        mode: 0o4711,
      }
      const found = await read(host, '/opt/link', '/opt/file')
      const both = ['/opt/link', '/opt/file'] as const
      assert.deepEqual(found, new Map(both.map((path) => [path, facts])))
    })

    test('odd names, there and missing, each with its own answer', async () => {
      const { root, host } = made(...ODD)
      const missing = ODD.map((path) => `${path}.gone`)
      const mixed = ODD.flatMap((path, index) => [missing[index] ?? '', path])
      const found = await read(host, ...mixed)
      assert.deepEqual([...found.keys()].toSorted(), ODD.toSorted())
      for (const path of ODD) {
        const facts = found.get(path)
        assert.ok(facts !== undefined && !(facts instanceof SentinelError), path)
        assert.equal(facts.inode, String(statSync(join(root, path), { bigint: true }).ino))
      }
    })

    test('what leads nowhere is absent; what cannot be told is an error of its own', async () => {
      const { root, host } = made(...ODD)
      symlinkSync('nowhere', join(root, 'opt/dangling'))
      symlinkSync('loop', join(root, 'opt/loop'))
      symlinkSync('line\nloop', join(root, 'opt/line\nloop'))
      const found = await read(
        host,
        '/opt/dangling',
        '/opt/loop',
        '/opt/x/below',
        '/opt/gone',
        `/opt/${'y'.repeat(256)}`,
        '/opt/line\nloop',
        '/opt/ü',
      )
      const errors = [...found].filter(([, facts]) => facts instanceof SentinelError)
      assert.deepEqual([...found.keys()].toSorted(), ['/opt/line\nloop', '/opt/loop', '/opt/ü'])
      assert.deepEqual(errors.map(([path]) => path).toSorted(), ['/opt/line\nloop', '/opt/loop'])
      for (const [, error] of errors) assert.match(errorText(error), /too many.* symbolic links/i)
    })

    test('more and longer paths than one program takes', async () => {
      const there = [0, 500, 899].map((index) => `${LONG}${index}`)
      const { host } = made(...there)
      const all = Array.from({ length: 900 }, (_, index) => `${LONG}${index}`)
      assert.deepEqual([...(await read(host, ...all)).keys()], there)
    })

    test('nothing is asked', async () => assert.equal((await read(new Host())).size, 0))
  })
}

test('the time is over: no answer is an error for each that had to be asked for', async () => {
  const { host } = made('/opt/mine', '/opt/theirs')
  const paths = ['/opt/mine', '/opt/theirs', '/opt/gone']
  const found = await readFacts(host, paths, (path) => path === '/opt/mine', new Deadline(0))
  assert.ok(!(found.get('/opt/mine') instanceof SentinelError))
  for (const path of ['/opt/theirs', '/opt/gone']) {
    assert.match(errorText(found.get(path)), /gives no answer/)
  }
})
