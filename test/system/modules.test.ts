/** Kernel modules that pacman replaced, by the real modinfo; the kernel that has them loaded is a tree. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { hostTree, replacedTree } from '../fixture/host.ts'
import { fillTree } from '../fixture/tree.ts'
import { bootNode, labTest } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'

const ROOT = '/srv/host'
const RELEASE = '6.9.1-arch1-1'
const pathOf = (name: string, release = RELEASE) =>
  `/usr/lib/modules/${release}/extramodules/${name}.ko`

/** By file name: the source's version that the kernel tells, and the file; undefined where it does not. */
const MODULES: Record<string, [loaded: string | undefined, file: string | undefined]> = {
  old: ['OLD', 'NEW'],
  'old-too': ['OLD', 'NEW'],
  current: ['NEW', 'NEW'],
  mute: ['OLD', undefined],
  hushed: [undefined, 'NEW'],
}

const kernelName = (name: string) => name.replaceAll('-', '_')
const loaded = [
  ...Object.keys(MODULES),
  'gone',
  ...Array.from({ length: 20 }, (_, i) => `many${i}`),
]

const TREE = hostTree({
  ...replacedTree(
    ...[...Object.keys(MODULES), 'gone', 'idle'].map((name) => pathOf(name)),
    pathOf('old', '6.8.0-arch1-1'),
    `/usr/lib/modules/${RELEASE}/modules.dep`,
  ),
  'proc/modules': loaded.map((name) => `${kernelName(name)} 16384 0 - Live 0x0\n`).join(''),
  ...Object.fromEntries(
    Object.entries(MODULES).flatMap(([name, [version]]) =>
      version === undefined ? [] : [[`sys/module/${kernelName(name)}/srcversion`, `${version}\n`]],
    ),
  ),
})

interface Shown {
  kind: string
  path: string
  why?: string
}

async function status(node: LabNode) {
  const words = ['kured-sentinel', 'status', '--json', '--root', ROOT]
  const report: { verdict: string; reasons: Shown[]; ignored: Shown[] } = JSON.parse(
    await node.ok(words),
  )
  const modules = (findings: Shown[]) => findings.filter(({ kind }) => kind === 'module')
  return { ...report, reasons: modules(report.reasons), ignored: modules(report.ignored) }
}

labTest(
  'a module counts that is loaded, was replaced, and has another source than its file',
  async () => {
    await using node = await bootNode({ prepare: (root) => fillTree(join(root, ROOT), TREE) })
    // Where Arch has it; in the node it is in sbin.
    await node.shell('[ -e /usr/bin/modinfo ] || ln -s ../sbin/modinfo /usr/bin/modinfo')
    for (const [name, [, version]] of Object.entries(MODULES)) {
      const fields = ['license=GPL', ...(version === undefined ? [] : [`srcversion=${version}`])]
      const source = `.section .modinfo,"a"\n${fields.map((field) => `.string "${field}"\n`).join('')}`
      await node.writeFile('/root/module.s', source)
      await node.shell(
        `mkdir -p "$(dirname "$0")"; as -o "$0" /root/module.s`.replaceAll(
          '$0',
          ROOT + pathOf(name),
        ),
      )
    }
    const { verdict, reasons, ignored } = await status(node)
    assert.equal(verdict, 'reboot')
    assert.deepEqual(
      reasons.map(({ path }) => path),
      ['old', 'old-too', 'gone'].map((name) => pathOf(name)),
    )
    assert.deepEqual(
      ignored.map(({ path, why }) => [path, why?.includes('may be the new one')]),
      ['mute', 'hushed'].map((name) => [pathOf(name), true]),
    )
    await node.writeFile(`${ROOT}/etc/kured-sentinel.conf`, '[sentinel]\nmodules = no\n')
    const off = await status(node)
    assert.deepEqual([off.verdict, off.reasons, off.ignored], ['none', [], []])

    // So many are not all looked at.
    await node.ok(['rm', `${ROOT}/etc/kured-sentinel.conf`])
    const many = replacedTree(...Array.from({ length: 20 }, (_, i) => pathOf(`many${i}`)))
    for (const [path, text] of Object.entries(many)) await node.writeFile(`${ROOT}/${path}`, text)
    assert.equal((await status(node)).reasons.length, 16)
  },
)
