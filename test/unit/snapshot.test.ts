import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { Snapshot } from '../../src/host/snapshot.ts'
import { makeTree } from '../fixture/tree.ts'

test('a file, and a directory, is as it was when it was read first, and its state is of before', () => {
  const root = makeTree({ 'etc/pacman.conf': 'old', 'proc/uptime': '1.00\n' })
  const host = new Snapshot(root)
  const states = ['/etc/pacman.conf', '/etc'].map((path) => new Host(root).state(path))
  assert.deepEqual([host.readText('/etc/pacman.conf'), host.list('/etc')], ['old', ['pacman.conf']])
  assert.equal(host.uptime(), 1)
  writeFileSync(join(root, 'etc/pacman.conf'), 'newer')
  writeFileSync(join(root, 'etc/more'), '')
  writeFileSync(join(root, 'proc/uptime'), '2.00\n')
  assert.deepEqual([host.readText('/etc/pacman.conf'), host.list('/etc')], ['old', ['pacman.conf']])
  assert.deepEqual(
    ['/etc/pacman.conf', '/etc'].map((path) => host.state(path)),
    states,
  )
  assert.notEqual(host.lstat('/etc/more'), undefined)
  assert.equal(host.uptime(), 2, 'what passes by itself does')
})

test('what was not there at first stays away, and a part of a file is read once too', () => {
  const root = makeTree({ 'etc/part': 'old text' })
  const host = new Snapshot(root)
  assert.throws(() => host.readText('/etc/late'), /ENOENT/)
  assert.throws(() => host.list('/etc/late.d'), /ENOENT/)
  assert.equal(host.readPart('/etc/part', 4, 4).toString(), 'text')
  writeFileSync(join(root, 'etc/late'), '')
  mkdirSync(join(root, 'etc/late.d'))
  writeFileSync(join(root, 'etc/part'), 'new word')
  assert.throws(() => host.readText('/etc/late'), /ENOENT/)
  assert.throws(() => host.list('/etc/late.d'), /ENOENT/)
  assert.equal(host.readPart('/etc/part', 4, 4).toString(), 'text')
  assert.equal(host.readPart('/etc/part', 0, 3).toString(), 'new')
})
