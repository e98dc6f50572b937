import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { readReplaced } from '../../src/pacman/replaced.ts'
import { collectMicrocode } from '../../src/sentinel/microcode.ts'
import { hostTree, replacedTree } from '../fixture/host.ts'
import { makeTree } from '../fixture/tree.ts'

// The lines of /proc/cpuinfo that matter, in the shape of Linux 6.18.
const cpuinfo = (maker: string, flags = 'fpu vme sse2') =>
  `processor\t: 0\nvendor_id\t: ${maker}\ncpu family\t: 25\nflags\t\t: ${flags}\nbugs\t\t: spectre_v1\n`
const INTEL = cpuinfo('GenuineIntel')
const AMD = cpuinfo('AuthenticAMD')
const GUEST = cpuinfo('AuthenticAMD', 'fpu hypervisor lahf_lm')
const ARM = 'processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd\n'

function collect(processor: string | undefined, ...replaced: string[]): string[] {
  const tree = hostTree({
    ...replacedTree('/usr/lib/libc.so.6', ...replaced),
    ...(processor !== undefined && { 'proc/cpuinfo': processor }),
  })
  const host = new Host(makeTree(tree))
  const found = collectMicrocode(host, readReplaced(host))
  return found.map(({ kind, effect, path, why = '' }) => `${kind} ${effect} ${path} ${why}`.trim())
}

const OTHER = 'it is for another processor'
const VIRTUAL = 'a virtual machine, whose host has its own'

for (const [what, processor, image, expected] of [
  ['Intel’s on Intel', INTEL, 'intel', 'reboot'],
  ['AMD’s on AMD', AMD, 'amd', 'reboot'],
  ['Intel’s on AMD', AMD, 'intel', `none ${OTHER}`],
  ['AMD’s on Intel', INTEL, 'amd', `none ${OTHER}`],
  ['AMD’s in a guest on AMD', GUEST, 'amd', `none ${VIRTUAL}`],
  ['AMD’s on a processor that names no maker', ARM, 'amd', `none ${OTHER}`],
  ['an unknown maker’s', cpuinfo('CentaurHauls'), 'via', `none ${OTHER}`],
] as const) {
  test(`microcode: ${what}`, () => {
    const [effect = '', why = ''] = expected.split(/ (.*)/)
    const path = `/boot/${image}-ucode.img`
    assert.deepEqual(collect(processor, path), [`microcode ${effect} ${path} ${why}`.trim()])
  })
}

test('microcode: both makers’ are installed, and one counts', () => {
  assert.deepEqual(collect(AMD, '/boot/intel-ucode.img', '/boot/amd-ucode.img'), [
    `microcode none /boot/intel-ucode.img ${OTHER}`,
    'microcode reboot /boot/amd-ucode.img',
  ])
})

test('microcode: none replaced, and the processor is not even asked', () => {
  assert.deepEqual(collect(undefined, '/boot/vmlinuz-linux', '/usr/share/intel-ucode.img'), [])
})

test('microcode: a processor that cannot be asked is no silence', () => {
  assert.throws(() => collect(undefined, '/boot/amd-ucode.img'), /cpuinfo/)
})
