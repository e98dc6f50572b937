/** A cache host that fetches for three nodes with different packages, night after night. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeTree } from '../fixture/tree.ts'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { plain } from '../lab/recipes.ts'
import { CACHE, preflight, readRun, SYNC } from '../lab/upgrade-job.ts'

const FLEET = '/var/cache/kured-sentinel/fleet'

/** A host whose databases and packages are on the share: to write to on the cache host alone. */
async function bootHost(name: string, share: string, role: 'cache' | 'node'): Promise<LabNode> {
  const bind = role === 'cache' ? 'bind' : 'bind-ro'
  const nspawn = [`--${bind}=${share}/sync:${SYNC}`, `--${bind}=${share}/pkg:${CACHE}`]
  const host = await bootNode({ binds: [`${share}/fleet:${FLEET}`], nspawn })
  await host.writeFile('/etc/hostname', `${name}\n`)
  return host
}

/** What it begins with. It is installed by hand, as a node's databases are the cache host's. */
async function begin(host: LabNode, ...packages: PackageRecipe[]): Promise<void> {
  await offer(host, ...packages)
  await host.shell('cd /srv/lab; pacman -U --noconfirm *.pkg.tar.gz; rm *')
  // No node downloads: nobody is there.
  await host.shell("sed -i 's#^Server.*#Server = http://127.0.0.1:9#' /etc/pacman.conf")
  await host.ok(['kured-sentinel', 'fleet', 'report'])
}

const download = 'systemctl start pacman-cache-update'

async function upgradeAll(nodes: LabNode[]): Promise<void> {
  for (const node of nodes) await node.run(['systemctl', 'start', 'pacman-upgrade'])
}

const versions = async (node: LabNode) =>
  (await node.ok(['pacman', '-Q']))
    .trim()
    .split('\n')
    .filter((line) => !/^pacman /.test(line))

labTest('three nodes with different packages are current each morning', async () => {
  const share = makeTree({ 'sync/.keep': '', 'pkg/.keep': '', 'fleet/.keep': '' })
  await using cache = await bootHost('cache', share, 'cache')
  await using one = await bootHost('one', share, 'node')
  await using two = await bootHost('two', share, 'node')
  await using three = await bootHost('three', share, 'node')
  const nodes = [one, two, three]
  const inCache = () => readdirSync(join(share, 'pkg')).filter((file) => file.includes('.pkg.'))
  const night = async (...packages: PackageRecipe[]) => {
    await offer(cache, ...packages)
    await cache.ok(['sh', '-c', download])
    await upgradeAll(nodes)
  }
  await install(cache, plain('a', '1'))
  await cache.ok(['kured-sentinel', 'fleet', 'report'])
  await begin(one, plain('a', '1'), plain('b', '1'))
  await begin(two, plain('c', '1'))
  await begin(three, plain('c', '1'), plain('d', '1'))
  await cache.ok(['kured-sentinel', 'units', 'install', '--role', 'cache'])
  for (const node of nodes) await node.ok(['kured-sentinel', 'units', 'install'])

  await night(...['a', 'b', 'c', 'd', 'e'].map((name) => plain(name, '2')))
  const said = await cache.shell('journalctl -u pacman-cache-update -o cat')
  assert.match(said, /^cache wants 1 package$/m)
  assert.match(said, /^three wants 2 packages$/m)
  assert.deepEqual(await versions(one), ['a 2-1', 'b 2-1'], said)
  assert.deepEqual(await versions(two), ['c 2-1'])
  assert.deepEqual(await versions(three), ['c 2-1', 'd 2-1'])
  assert.equal(
    inCache().some((file) => file.startsWith('e-')),
    false,
    'nobody wants it',
  )
  console.log(inCache())
  for (const node of nodes) console.log((await readRun(node)).reason)
  console.log(said, await preflight(one, 'upgrade', '--explain'))
})
