/** The walk of docs/upgrades.md through a cache host and a node: its commands, and what it says they print. */
import assert from 'node:assert/strict'
import { cpSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { makeTree } from '../fixture/tree.ts'
import { bootNode, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { CHECKOUT, ownPackage } from '../lab/own-package.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { greet, greeter, kernel, plain, tool } from '../lab/recipes.ts'

/** A line of the page behind a prompt, and those up to the next prompt. */
interface Step {
  /** cache, node, or kured: on the node, as Kured runs it */
  at: string
  command: string
  printed: string
}

const HEADING = '## From the package to the reboot'

function steps(): Step[] {
  const page = readFileSync(join(CHECKOUT, 'docs/upgrades.md'), 'utf8')
  const section = page.split(`\n${HEADING}\n`)[1]?.split(/^##/m)[0] ?? ''
  const blocks = [...section.matchAll(/^```console\n([^]*?)^```$/gm)].map(([, block]) => block)
  const step = /^(cache|node|kured)# (.*)\n([^]*?)(?=^(?:cache|node|kured)# |$(?![^]))/gm
  return [...blocks.join('').matchAll(step)].map(([, at = '', command = '', printed = '']) => ({
    at,
    command,
    printed,
  }))
}

/** What differs from host to host and from run to run, and … for lines that the page leaves out. */
function pattern(printed: string): RegExp {
  const exact = printed.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const source = exact
    .replace(/^…\n/gm, '(?:.*\\n)*')
    .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, '[\\dT:-]+Z')
    .replace(/\\\[\d+\\\]/g, '\\[\\d+\\]')
    .replace(/kernel \S+ is running/g, 'kernel \\S+ is running')
    .replace(/from \/dev\/\S+ \S+$/gm, 'from .*')
    .replace(/[\d\\.]+G are free/g, '[\\d.]+[GT] are free')
  return new RegExp(`^${source}$`)
}

/** A runtime, which nothing but a reboot replaces. */
const containerd = (version: string): PackageRecipe => ({
  ...tool(version),
  name: 'containerd',
  files: {
    '/usr/lib/systemd/system/containerd.service': '[Service]\nExecStart=/usr/bin/containerd\n',
  },
  package: 'install -D tool "$pkgdir/usr/bin/containerd"',
})

labTest('docs/upgrades.md: from the package to the reboot', async () => {
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
  for (const step of steps()) await follow(step, cache, node)
})

async function follow({ at, command, printed }: Step, cache: LabNode, node: LabNode) {
  const shell = ['/bin/sh', '-c', `exec 2>&1; ${command}`]
  const host = at === 'cache' ? cache : node
  const ended = at === 'kured' ? await node.asKured(shell) : await host.run(shell, { cwd: '/root' })
  assert.match(ended.stdout, pattern(printed), `${at}# ${command}`)
  if (printed.startsWith('rebooting\n')) {
    assert.equal(await node.waitForEnd(), 'reboot')
    await node.boot()
  }
}

test('docs/upgrades.md has the walk, of a cache host and a node', () => {
  const at = steps().map((step) => step.at)
  assert.ok(at.length > 10)
  assert.deepEqual(new Set(at), new Set(['cache', 'node', 'kured']))
})
