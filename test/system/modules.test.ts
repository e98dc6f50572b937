/**
 * Loaded kernel modules whose file was replaced, with the real modinfo and real object files. The
 * kernel's side is a tree: a node cannot load modules into this machine's kernel.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { hostTree, replacedTree } from '../fixture/host.ts'
import { fillTree, type Tree } from '../fixture/tree.ts'
import { bootNode, labTest } from '../lab/lab.ts'
import { readJudged } from '../fixture/envelope.ts'

const OLD = '0A1B2C3D4E5F60718293A4B'
const NEW = 'FFEEDDCCBBAA99887766554'
const EXTRA = '/usr/lib/modules/6.9.1-arch1-1/extra'
const HOST = '/srv/host'

/** What the kernel says of a loaded module, what its file says, and what that makes the check say. */
const MODULES: [name: string, file: string, running: string, installed: string, says: string][] = [
  ['older', 'older.ko', OLD, NEW, 'reboot'],
  ['packed', 'packed.ko.xz', OLD, NEW, 'reboot'],
  ['with_dash', 'with-dash.ko', OLD, NEW, 'reboot'],
  ['same', 'same.ko', NEW, NEW, ''],
  ['same_packed', 'same_packed.ko.xz', NEW, NEW, ''],
  ['silent_kernel', 'silent_kernel.ko', '', NEW, 'it has no srcversion, '],
  ['silent_file', 'silent_file.ko', OLD, '', 'it has no srcversion, '],
]

/** As modpost writes it: strings, each ended by a NUL, in a section of their own. */
const objectOf = (file: string, version: string) => `
printf 'char s[] __attribute__((section(".modinfo"))) = "license=GPL\\0${version && `srcversion=${version}`}";' |
  gcc -xc -c -o ${HOST}${EXTRA}/${file.replace('.xz', '')} -
${file.endsWith('.xz') ? `xz --check=crc32 ${HOST}${EXTRA}/${file.replace('.xz', '')}` : ''}`

labTest('a loaded module is stale if the kernel and the file tell two sources', async () => {
  const sys: Tree = {}
  for (const [name, , running] of MODULES) {
    const text = running === '' ? {} : { [`sys/module/${name}/srcversion`]: `${running}\n` }
    Object.assign(sys, text)
  }
  const tree = hostTree({
    ...sys,
    'proc/modules': MODULES.map(([name]) => `${name} 16384 0 - Live 0x0000000000000000\n`).join(''),
    ...replacedTree(...MODULES.map(([, file]) => `${EXTRA}/${file}`)),
    [`${EXTRA.slice(1)}/x`]: '',
  })
  await using node = await bootNode({ prepare: (root) => fillTree(join(root, HOST), tree) })
  // Debian has it in /usr/sbin alone.
  await node.ok(['ln', '-s', 'kmod', '/usr/bin/modinfo'])
  for (const [, file, , installed] of MODULES) await node.shell(objectOf(file, installed))

  const check = async (...words: string[]) => {
    const argv = ['/usr/bin/kured-sentinel', 'check', '--json', '--root', HOST, ...words]
    const { exitCode, stdout } = await node.asKured(argv)
    const { reasons, ignored } = readJudged(stdout)
    const says = new Map<string, string>()
    for (const { kind, path = '', why = 'reboot' } of [...reasons, ...ignored]) {
      if (kind === 'module') says.set(path, why)
    }
    return { exitCode, says }
  }
  const { exitCode, says } = await check()
  assert.equal(exitCode, 0)
  for (const [name, file, , , expected] of MODULES) {
    const said = says.get(`${EXTRA}/${file}`) ?? ''
    if (expected === '') assert.equal(said, '', name)
    else assert.ok(said.startsWith(expected), `${name}: ${said}`)
  }

  await node.writeFile(`${HOST}/etc/kured-sentinel.conf`, '[sentinel]\nmodules = no\n')
  const off = await check()
  assert.equal(off.exitCode, 1)
  assert.deepEqual(new Set(off.says.values()), new Set(['modules = no']))

  // Without an answer of modinfo nothing can be told.
  await node.shell(`rm ${HOST}/etc/kured-sentinel.conf /usr/bin/modinfo`)
  assert.equal((await check()).exitCode, 2)
  for (const script of ['', 'echo error >&2; exit 1', 'exec sleep 100']) {
    await node.writeFile('/usr/bin/modinfo', `#!/bin/sh\n${script}\n`, 0o755)
    assert.equal((await check('--timeout', '5s')).exitCode, 2, script)
  }
})
