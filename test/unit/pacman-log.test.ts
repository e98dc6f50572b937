import assert from 'node:assert/strict'
import { appendFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { readLog } from '../../src/pacman/log/log.ts'
import { makeTree } from '../fixture/tree.ts'

const PATH = '/var/log/pacman.log'
const line = (text: string) => `[2026-11-24T00:15:44+0000] [ALPM] ${text}\n`

test('pacman.log is read on from where it was left, whole lines only', () => {
  const root = makeTree({ [PATH]: `garbage\n${line('transaction started')}[2026-11-2` })
  const host = new Host(root)
  const first = readLog(host, PATH)
  assert.deepEqual(first.lines, [
    { source: 'ALPM', text: 'transaction started', at: Date.parse('2026-11-24T00:15:44+0000') },
  ])
  writeFileSync(join(root, PATH), `garbage\n${line('transaction started')}${line('second')}`)
  const second = readLog(host, PATH, first.end)
  assert.deepEqual(
    [second.lines.map(({ text }) => text), second.end.inode],
    [['second'], first.end.inode],
  )
  assert.deepEqual(readLog(host, PATH, second.end).lines, [])
})

test('a rotated pacman.log is another one, and read from its start', () => {
  const root = makeTree({ [PATH]: line('old') })
  const host = new Host(root)
  const { end } = readLog(host, PATH)
  renameSync(join(root, PATH), join(root, `${PATH}.1`))
  assert.deepEqual(readLog(host, PATH, end).lines, [])
  writeFileSync(join(root, PATH), '')
  appendFileSync(join(root, PATH), line('new'))
  const after = readLog(host, PATH, end)
  assert.deepEqual(
    after.lines.map(({ text }) => text),
    ['new'],
  )
  assert.notEqual(after.end.inode, end.inode)
})

test('a pacman.log that is a link is read where it leads, as pacman writes there', () => {
  const root = makeTree({ '/srv/log': '', 'var/log': { directory: true } })
  const host = new Host(root)
  symlinkSync('../../srv/log', join(root, PATH))
  const { end } = readLog(host, PATH)
  appendFileSync(join(root, 'srv/log'), line('transaction completed'))
  const added = readLog(host, PATH, end).lines.map(({ text }) => text)
  assert.deepEqual(added, ['transaction completed'])
})

test('a pacman.log that was emptied in its place is read from its start', () => {
  const root = makeTree({ [PATH]: `${line('old')}${line('older')}` })
  const host = new Host(root)
  const { end } = readLog(host, PATH)
  writeFileSync(join(root, PATH), line('new'))
  const after = readLog(host, PATH, end)
  assert.deepEqual([after.lines.map(({ text }) => text), after.end.inode], [['new'], end.inode])
})

test('a transaction of any size is read whole, and not what lies 16 MiB back', () => {
  const root = makeTree({ [PATH]: line('transaction started') })
  const host = new Host(root)
  const begun = { ...readLog(host, PATH).end, bytes: 0 }
  // More packages than any repository has.
  const upgraded = line('upgraded a (1-1 -> 2-1)').repeat(100_000)
  appendFileSync(join(root, PATH), `${upgraded}${line('transaction completed')}`)
  const whole = readLog(host, PATH, begun)
  assert.deepEqual(
    [whole.lines.length, whole.lines[0]?.text, whole.lines.at(-1)?.text],
    [100_002, 'transaction started', 'transaction completed'],
  )
  assert.deepEqual(readLog(host, PATH, whole.end).lines, [])

  appendFileSync(join(root, PATH), `${'x'.repeat(16 * 2 ** 20)}\n${line('new')}`)
  const last = readLog(host, PATH, begun)
  assert.deepEqual(
    last.lines.map(({ text }) => text),
    ['new'],
  )
  assert.equal(last.end.bytes, statSync(join(root, PATH)).size)
})
