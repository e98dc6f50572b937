/** The walk of docs/upgrades.md through a cache host and a node: its commands, and what it says they print. */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { consoleBlock, followConsole } from '../fixture/console.ts'
import { makeTree } from '../fixture/tree.ts'
import { bootNode, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { ownPackage } from '../lab/own-package.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { greet, greeter, kernel, plain, tool } from '../lab/recipes.ts'

const PAGE = 'docs/upgrades.md'
const STEPS = [
  ...consoleBlock('docs/upgrades.md', 'cache# pacman -U --noconfirm kured-sentinel-*.pkg.tar.*'),
  ...consoleBlock('docs/upgrades.md', 'node# pacman -U --noconfirm kured-sentinel-*.pkg.tar.*'),
]
/** What Kured runs on the node. */
const KURED = consoleBlock('docs/upgrades.md', 'kured# /usr/bin/kured-sentinel; echo $?')

/** A runtime, which nothing but a reboot replaces. */
const containerd = (version: string): PackageRecipe => ({
  ...tool(version),
  name: 'containerd',
  files: {
    '/usr/lib/systemd/system/containerd.service': '[Service]\nExecStart=/usr/bin/containerd\n',
  },
  package: 'install -D tool "$pkgdir/usr/bin/containerd"',
})

labTest(`${PAGE}: from the package to the reboot`, async () => {
  const shared = makeTree({ 'sync/.keep': '', 'pkg/.keep': '' })
  const options = {
    program: false,
    binds: [`${shared}/sync:/var/lib/pacman/sync`, `${shared}/pkg:/var/cache/pacman/pkg`],
  }
  const file = await ownPackage()
  await using cache = await bootNode(options)
  await using node = await bootNode(options)
  const release = (await cache.ok(['uname', '-r'])).trim()
  for (const host of [cache, node]) {
    cpSync(file, join(host.root, 'root', basename(file)))
    await offer(
      host,
      { name: 'nodejs', version: '20.19.2' },
      kernel('linux', '6.18.44.arch1', release),
      containerd('1.0'),
      plain('kubelet', '1.34.1'),
      greet('1.0'),
      greeter,
    )
    const names = ['nodejs', 'linux', 'containerd', 'kubelet', 'greeter']
    await host.ok(['pacman', '-Sy', '--noconfirm', ...names])
    await host.ok(['systemctl', 'start', 'plain', 'containerd'])
  }
  // Only the cache host has a repository with what is new.
  await offer(
    cache,
    kernel('linux', '6.18.45.arch1', '6.18.45-arch1-1'),
    containerd('2.0'),
    plain('kubelet', '1.35.0'),
    greet('2.0'),
  )
  const inRoot = (host: LabNode, script: string) =>
    host.run(['/bin/sh', '-c', script], { cwd: '/root' }).then(({ stdout }) => stdout)
  await followConsole(STEPS, (script, { at }) => inRoot(at === 'cache' ? cache : node, script))
  await node.ok(['kured-sentinel', 'hold', '--for', '4h', '--reason', 'replacing the disk'])
  await node.asKured(['/usr/bin/kured-sentinel'])
  await followConsole(consoleBlock('docs/commands.md', '# kured-sentinel status'), (script) =>
    inRoot(node, script),
  )
  await node.ok(['kured-sentinel', 'release'])
  await followConsole(KURED, async (script, { printed }) => {
    const { stdout } = await node.asKured(['/bin/sh', '-c', script])
    if (printed.startsWith('rebooting\n')) {
      assert.equal(await node.waitForEnd(), 'reboot')
      await node.boot()
    }
    return stdout
  })
})

test(`${PAGE} has the walk, of a cache host and a node`, () => {
  const at = [...STEPS, ...KURED].map((step) => step.at)
  assert.ok(at.length > 10)
  assert.deepEqual(new Set(at), new Set(['cache', 'node', 'kured']))
})
