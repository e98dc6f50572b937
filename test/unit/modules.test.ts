/** What needs no modinfo(8): test/system/modules.test.ts has the rest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { readReplaced } from '../../src/pacman/replaced.ts'
import { collectModules } from '../../src/sentinel/modules.ts'
import { hostTree, replacedTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const RUNNING = '/usr/lib/modules/6.9.1-arch1-1'
const LOADED = `nvidia_drm 155648 0 - Live 0x0000000000000000 (OE)
zfs 6500352 6 - Live 0x0000000000000000 (POE)
`

function collect(tree: Tree, ...replaced: string[]) {
  const host = new Host(makeTree(hostTree({ ...replacedTree(...replaced), ...tree })))
  return collectModules(host, readReplaced(host), new Deadline(10_000))
}
const named = (...found: Parameters<typeof collect>) =>
  collect(...found).map(({ effect, path }) => `${effect} ${path}`)

test('the kernel’s own modules, gone with its package: the kernel is the reason', () => {
  const gone = `${RUNNING}/kernel/fs/zfs.ko`
  assert.deepEqual(named({ 'proc/modules': LOADED }, gone), [])
  // Another build of the same release.
  const anew = { 'proc/modules': LOADED, [gone.slice(1)]: 'x', 'sys/module/zfs/srcversion': 'A' }
  assert.throws(() => named(anew, gone), /modinfo/)
})

test('a loaded module whose file is gone; names of files may have dashes', () => {
  const path = `${RUNNING}/extramodules/nvidia-drm.ko.zst`
  assert.deepEqual(collect({ 'proc/modules': LOADED }, '/usr/lib/libc.so.6', path), [
    {
      kind: 'module',
      effect: 'reboot',
      message: `a replaced kernel module is loaded: nvidia_drm (${path})`,
      path,
    },
  ])
})

for (const name of ['zfs.ko', 'zfs.ko.xz', 'zfs.ko.gz']) {
  test(`the file’s name may be ${name}`, () => {
    const path = `${RUNNING}/extra/${name}`
    assert.deepEqual(named({ 'proc/modules': LOADED }, path), [`reboot ${path}`])
  })
}

for (const [what, path] of [
  ['one that is not loaded', `${RUNNING}/extra/vboxdrv.ko.zst`],
  ['one whose name a loaded one’s begins with', `${RUNNING}/extra/nvidia.ko.zst`],
  ['one of another kernel', '/usr/lib/modules/6.9.1-arch1-10/extra/zfs.ko.zst'],
] as const) {
  test(`not counted: ${what}`, () => {
    assert.deepEqual(named({ 'proc/modules': LOADED }, path), [])
  })
}

test('no module was replaced, and the kernel is not even asked', () => {
  assert.deepEqual(named({}, '/usr/lib/libc.so.6', `${RUNNING}/modules.dep`), [])
})

test('a kernel that cannot be asked is no silence', () => {
  assert.throws(() => named({}, `${RUNNING}/extra/zfs.ko.zst`), /proc\/modules/)
})

test('of a great many some are looked at', () => {
  const names = Array.from({ length: 200 }, (_, index) => `m${index}`)
  const paths = names.map((name) => `${RUNNING}/extra/${name}.ko`)
  const found = named({ 'proc/modules': names.map((name) => `${name} 1 0 -\n`).join('') }, ...paths)
  assert.ok(found.length > 0 && found.length < 200)
})
