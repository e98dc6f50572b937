import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { addEntries } from '../../src/ignored/edit.ts'
import { replaceFile } from '../../src/host/replace.ts'
import { labTest } from '../lab/lab.ts'

const root = mkdtempSync(join(tmpdir(), 'pacman-replace-'))
after(() => rmSync(root, { recursive: true }))

// As one plain file it starts in 40 ms, which 200 starts need.
const writer = join(root, 'writer.mjs')
buildSync({
  entryPoints: [fileURLToPath(import.meta.resolve('../lab/pacman-writer.ts'))],
  outfile: writer,
  bundle: true,
  platform: 'node',
  format: 'esm',
})

// Long enough for a write to be caught halfway, were it not atomic.
const conf = `[options]\nIgnorePkg = base\n${`# ${'-'.repeat(70)}\n`.repeat(3000)}`
const skip = existsSync('/usr/bin/pacman-conf') ? false : 'pacman-conf is not installed'

function arrange(name: string): string {
  mkdirSync(join(root, name))
  const path = join(root, name, 'pacman.conf')
  writeFileSync(path, conf, { mode: 0o604 })
  return path
}

function start(...args: string[]) {
  return spawn(process.execPath, [writer, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** How long a writer needs here and now from its start to its first new file. */
async function timeOfAWrite(): Promise<number> {
  const child = start('add', arrange('timed'), 'held')
  await once(child.stdout, 'data')
  const began = performance.now()
  await once(child, 'close')
  return performance.now() - began
}

test('200 writers killed at any point never leave a broken file', { skip }, async () => {
  const path = arrange('killed')
  const good = [conf, addEntries(conf, 'IgnorePkg', ['held'])]
  const met = new Set<string>()
  const leftovers = new Set<string>()
  const writeMs = await timeOfAWrite()
  for (let round = 0; round < 200; round++) {
    const child = start('toggle', path, 'held')
    await once(child.stdout, 'data')
    await sleep(Math.random() * 2 * writeMs)
    child.kill('SIGKILL')
    await once(child, 'close')
    const text = readFileSync(path, 'latin1')
    assert.ok(good.includes(text), `round ${round}: neither the old file nor the new one`)
    assert.equal(statSync(path).mode & 0o777, 0o604)
    met.add(text)
    for (const name of readdirSync(join(root, 'killed'))) leftovers.add(name.replace(/\d+$/, ''))
  }
  assert.equal(met.size, 2, 'the kills came too early to meet both states')
  assert.ok(leftovers.size > 1, 'the kills never met a write')
  const ended = spawnSync(process.execPath, [writer, 'add', path, 'last'])
  assert.equal(ended.status, 0)
  assert.deepEqual(readdirSync(join(root, 'killed')), ['pacman.conf'])
})

test('two writers at once lose nothing, in 50 rounds each', { skip }, async () => {
  const path = arrange('two')
  const names = (id: string) => Array.from({ length: 50 }, (_, index) => `${id}-${index}`)
  const children = ['a', 'b'].map((id) => start('add', path, ...names(id)))
  const ends = await Promise.all(children.map((child) => once(child, 'close')))
  assert.deepEqual(ends, [
    [0, null],
    [0, null],
  ])
  const [, line = ''] = readFileSync(path, 'latin1').split('\n')
  const held = line.split(' ').slice(2)
  assert.deepEqual(held.toSorted(), ['base', ...names('a'), ...names('b')].toSorted())
  assert.deepEqual(readdirSync(join(root, 'two')), ['pacman.conf'])
})

labTest('a file keeps its ACL and extended attributes', () => {
  const path = arrange('attributes')
  execFileSync('setfacl', ['-m', 'u:12:r', path])
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'kept', path])
  replaceFile({ path, before: Buffer.from(conf), after: Buffer.from(`${conf}#\n`) })
  assert.equal(readFileSync(path, 'latin1'), `${conf}#\n`)
  assert.match(execFileSync('getfacl', ['-cnp', path]).toString(), /^user:12:r--$/m)
  const attributes = execFileSync('getfattr', ['-d', '--absolute-names', path]).toString()
  assert.match(attributes, /user\.note="kept"/)
  return Promise.resolve()
})

const noMounts = spawnSync('unshare', ['--mount', 'true']).status !== 0 && 'needs root'

/** Has the writer add a name after `mount`, a line of sh that sees the file as $1. */
function writeOn(path: string, mount: string): { stdout: string; stderr: string } {
  const script = `${mount} && "$2" "$3" add "$1" held; echo "exit $?"; ls -A "\${1%/*}"`
  const args = ['--mount', 'sh', '-c', script, 'sh', path, process.execPath, writer]
  const ended = spawnSync('unshare', args)
  return { stdout: ended.stdout.toString(), stderr: ended.stderr.toString() }
}

test('a read-only file system changes nothing', { skip: skip || noMounts }, () => {
  const path = arrange('read-only')
  const directory = '"${1%/*}"'
  const mount = `mount --bind ${directory} ${directory} && mount -o remount,ro,bind ${directory}`
  const ended = writeOn(path, mount)
  assert.match(ended.stderr, /EROFS/)
  assert.equal(ended.stdout, 'ready\nexit 1\npacman.conf\n')
  assert.equal(readFileSync(path, 'latin1'), conf)
})

test('a full disk changes nothing', { skip: skip || noMounts }, () => {
  const path = arrange('full')
  const kept = join(root, 'kept')
  // The file is put on a disk that has no room for its copy; afterwards it is compared.
  const mount = `cp "$1" ${kept} && mount -t tmpfs -o size=300k tmpfs "\${1%/*}" && cp ${kept} "$1"`
  const ended = writeOn(path, `trap 'cmp "$1" ${kept}' EXIT; ${mount}`)
  assert.match(ended.stderr, /ENOSPC/)
  assert.equal(ended.stdout, 'ready\nexit 1\npacman.conf\n')
})
