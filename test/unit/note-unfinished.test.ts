/** bin/note-unfinished, with a directory of its own in place of the host's. */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTree, type Tree } from '../fixture/tree.ts'

const SCRIPT = readFileSync(new URL('../../bin/note-unfinished', import.meta.url), 'utf8')
/** The disk takes what is written as soon as there is a file "go". */
const SLOW_DISK = `#!/bin/sh
case $1 in --file-system) echo >>"$TREE/syncing"; until [ -e "$TREE/go" ]; do sleep 0.05; done ;; esac
`

/** @returns a way to run the hooks, and the tree */
function prepare(tree: Tree) {
  const root = makeTree({ 'state/requests.json': '{}', ...tree })
  chmodSync(join(root, 'bin/sync'), 0o755)
  const script = SCRIPT.replace('/var/lib/kured-sentinel', join(root, 'state')).replace(
    'PATH=',
    `TREE=${root} PATH=${join(root, 'bin')}:`,
  )
  const start = (when: 'begun' | 'finished', ...names: string[]) => {
    const child = execFile('/bin/sh', ['-c', script, 'sh', when], { timeout: 60_000 })
    // It need not read them.
    child.stdin?.on('error', () => {})
    child.stdin?.end(names.map((name) => `${name}\n`).join(''))
    let said = ''
    child.stdout?.on('data', (text: string) => (said += text))
    return once(child, 'close').then(() => [child.exitCode, said])
  }
  return { root, start, list: () => readFileSync(join(root, 'state/unfinished'), 'utf8') }
}

test('a disk that takes long keeps no other pacman from the list', async () => {
  const { root, start, list } = prepare({ 'bin/sync': SLOW_DISK })
  assert.deepEqual(await start('begun', 'b', 'a'), [0, ''])
  const changes = watch(root)
  const finished = start('finished', 'a', 'b')
  while (!existsSync(join(root, 'syncing'))) await once(changes, 'change')
  changes.close()
  assert.deepEqual(await start('begun', 'other'), [0, ''])
  assert.equal(list(), 'a\nb\nother\n')
  writeFileSync(join(root, 'go'), '')
  assert.deepEqual(await finished, [0, ''])
  assert.equal(list(), 'other\n')
})

test('a list that a person has changed: what is finished leaves it all the same', async () => {
  const { start, list } = prepare({
    'state/unfinished': 'z\nb\n+odd.*\na',
    'bin/sync': '#!/bin/sh\n',
  })
  assert.deepEqual(await start('finished', 'a', 'z', '+odd.*'), [0, ''])
  assert.equal(list(), 'b\n')
  assert.deepEqual(await start('finished', 'b'), [0, ''])
  assert.equal(list(), '')
})

test('something else at the list’s path holds up no transaction, and is told', async () => {
  const { root, start } = prepare({ 'bin/sync': '#!/bin/sh\n' })
  execFileSync('mkfifo', [join(root, 'state/unfinished')])
  const [begun, finished] = [await start('begun', 'a'), await start('finished', 'a')]
  assert.match(String(begun), /^0,kured-sentinel: cannot write to /)
  assert.match(String(finished), /^0,kured-sentinel: not everything is on the disk: /)
})
