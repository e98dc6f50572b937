import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { location, parseMountinfo } from '../../src/proc/mountinfo.ts'
import { HOST_MOUNTS } from '../fixture/host.ts'

/** Where a path leads in the view of that mountinfo. */
const places = (mountinfo: string) => {
  return (path: string) => {
    const mount = parseMountinfo(mountinfo, [path]).mountOf(path)
    return mount && location(mount, path)
  }
}
const host = places(HOST_MOUNTS)
const LIBC = '/usr/lib/libc.so.6'

test('a path below the root file system', () => assert.equal(host(LIBC), `254:0:${LIBC}`))

for (const [what, mounts] of [
  [
    'the host’s /usr mounted again, read-only (ProtectSystem=)',
    '50 40 254:0 / / ro - ext4 x ro\n51 50 254:0 /usr /usr ro - ext4 x ro\n',
  ],
  [
    'a /tmp of its own (PrivateTmp=)',
    '50 40 254:0 / / rw - ext4 x rw\n51 50 0:40 / /tmp rw - tmpfs x rw\n',
  ],
  [
    'the initramfs below the root',
    '1 1 0:2 / / rw - rootfs rootfs rw\n50 1 254:0 / / rw - ext4 x rw\n',
  ],
] as const) {
  test(`the same file: ${what}`, () => assert.equal(places(mounts)(LIBC), host(LIBC)))
}

for (const [what, mounts] of [
  ['a container', '50 40 0:99 / / rw - overlay overlay rw\n'],
  [
    'a /usr of one’s own over the host’s',
    '50 40 254:0 / / rw - ext4 x rw\n51 50 0:41 / /usr rw - tmpfs x rw\n',
  ],
  [
    'a bind mount of another directory',
    '50 40 254:0 / / rw - ext4 x rw\n51 50 254:0 /srv/evil /usr/lib rw - ext4 x rw\n',
  ],
  [
    'something over a mount that was right',
    '50 40 254:0 / / rw - ext4 x rw\n51 50 254:0 /usr /usr rw - ext4 x rw\n52 51 0:41 / /usr rw - tmpfs x rw\n',
  ],
  ['a chroot that is a mount', '50 40 254:0 /srv/chroot / rw - ext4 x rw\n'],
  ['a chroot that is a directory', '51 50 0:3 / /proc rw - proc proc rw\n'],
  ['nothing', ''],
] as const) {
  test(`another file: ${what}`, () => assert.notEqual(places(mounts)(LIBC), host(LIBC)))
}

test('btrfs: the same device, another subvolume', () => {
  const mounted = (root: string) => places(`50 40 0:30 ${root} / rw - btrfs x rw\n`)(LIBC)
  assert.notEqual(mounted('/@'), mounted('/@snapshot'))
})

test('blanks in mount points are octal escapes', () => {
  const locate = places('50 40 254:0 / / rw - ext4 x rw\n51 50 8:1 / /opt/a\\040b rw - ext4 x rw\n')
  assert.equal(locate('/opt/a b/c'), '8:1:/c')
  assert.equal(locate('/opt/a'), '254:0:/opt/a')
})

test('no input crashes or loops', () => {
  const field = fc.oneof(fc.constantFrom('1', '2', '/', '/usr', '254:0'), fc.string())
  const line = fc.array(field, { maxLength: 7 }).map((fields) => fields.join(' '))
  fc.assert(fc.property(fc.array(line), (lines) => void places(lines.join('\n'))(LIBC)))
})

/** So many mounts on `/`, each upon the one before. */
const stack = (length: number, mountPoint: string) =>
  Array.from({ length }, (_, i) => `${i + 50} ${i + 49} 254:0 /s${i} ${mountPoint} rw - ext4 x rw`)
const ROOT = '49 40 254:0 / / rw - ext4 x rw'

test('a stack of very many mounts takes a step for each, not more', () => {
  assert.equal(
    places([ROOT, ...stack(9_999, '/usr')].join('\n'))(LIBC),
    `254:0:/s9998${LIBC.slice(4)}`,
  )
})

test('more than that on the way is an error; elsewhere any number is nothing', () => {
  const none = places([ROOT, ...stack(50_000, '/srv')].join('\n'))
  assert.equal(none(LIBC), host(LIBC))
  const many = places([ROOT, ...stack(10_000, '/usr')].join('\n'))
  assert.throws(() => many(LIBC), /more than 10000 mounts/)
})
