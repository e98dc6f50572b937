/** A cache host that fetches for three nodes with different packages, night after night. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { STAGING } from '../../src/pacman/database/staging.ts'
import { compareVersions } from '../../src/pacman/version-order.ts'
import { consoleBlock, followConsole } from '../fixture/console.ts'
import { makeTree } from '../fixture/tree.ts'
import { bootNode, gatedTest, install, labProblem, offer } from '../lab/lab.ts'
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

const versions = async (node: LabNode) =>
  (await node.ok(['pacman', '-Q'])).trim().replaceAll('\n', ', ')

const NAME = 'three nodes with different packages are current each morning'

gatedTest(labProblem(), NAME, nights, { timeout: 420_000 })

async function nights(): Promise<void> {
  const share = makeTree({ 'sync/.keep': '', 'pkg/.keep': '', 'fleet/.keep': '' })
  await using cache = await bootHost('cache', share, 'cache')
  await using one = await bootHost('one', share, 'node')
  await using two = await bootHost('two', share, 'node')
  await using three = await bootHost('three', share, 'node')
  const nodes = [one, two, three]
  const ended: string[] = []
  const upgrade = async () => {
    for (const node of nodes) {
      await node.run(['systemctl', 'start', 'pacman-upgrade'])
      const { outcome, reason, problems } = await readRun(node)
      ended.push(outcome)
      // A node that saw databases without their packages would say so.
      assert.doesNotMatch(reason, /not in the cache/)
      assert.deepEqual(problems, [])
    }
  }
  const night = async (...packages: PackageRecipe[]) => {
    await offer(cache, ...packages)
    await cache.ok(['systemctl', 'start', 'pacman-cache-update'])
    await upgrade()
    return Promise.all(nodes.map(versions))
  }
  const published = () => readRun(cache, 'download')

  await install(cache, plain('a', '1'))
  await cache.ok(['kured-sentinel', 'fleet', 'report'])
  await begin(one, plain('a', '1'), plain('b', '1'))
  await begin(two, plain('c', '1'))
  await begin(three, plain('c', '1'), plain('d', '1'))
  await cache.ok(['kured-sentinel', 'units', 'install', '--role', 'cache'])
  for (const node of nodes) await node.ok(['kured-sentinel', 'units', 'install'])

  const second = ['a', 'b', 'c', 'd', 'e'].map((name) => plain(name, '2'))
  assert.deepEqual(await night(...second), ['a 2-1, b 2-1', 'c 2-1', 'c 2-1, d 2-1'])
  assert.equal((await published()).reason, 'the packages are in the cache, for 4 of 4 hosts')
  const files = readdirSync(join(share, 'pkg')).join()
  assert.doesNotMatch(files, /e-2/, 'nobody wants it')

  // A package that takes another one's place, and one that is new to those who need it.
  const replaces = ["replaces=('b')", "conflicts=('b')"]
  const third = [plain('better', '3', { lines: replaces }), plain('c', '3', { depends: ['e'] })]
  const now = ['a 2-1, better 3-1', 'c 3-1, e 2-1', 'c 3-1, d 2-1, e 2-1']
  assert.deepEqual(await night(...third), now)

  // A host that holds itself back is named, and stops nobody.
  await two.ok(['kured-sentinel', 'ignore', 'add', 'e'])
  await two.ok(['kured-sentinel', 'fleet', 'report'])
  const fourth = [plain('a', '4'), plain('e', '4'), plain('c', '4', { depends: ['e=4'] })]
  await offer(cache, ...fourth)
  await cache.shell(`pacman -Sy --dbpath ${STAGING}; mount -o remount,bind,ro ${CACHE}`)
  await followConsole(
    consoleBlock('docs/upgrades.md', '# kured-sentinel publish --dry-run'),
    (script) => cache.ok(['/bin/sh', '-c', script]),
  )
  const { stderr } = await cache.run(['kured-sentinel', 'publish'])
  assert.match(stderr, /pkg cannot be written to: Read-only file system\. To do: export it/)
  await cache.shell(`mount -o remount,bind,rw ${CACHE}`)
  await cache.ok(['systemctl', 'start', 'pacman-cache-update'])
  const [problem = ''] = (await published()).problems
  assert.match(problem, /^two cannot be satisfied: .*e=4.* required by c/)
  for (const node of [one, three]) await node.ok(['systemctl', 'start', 'pacman-upgrade'])
  assert.deepEqual(await Promise.all([one, three].map(versions)), [
    'a 4-1, better 3-1',
    'c 4-1, d 2-1, e 4-1',
  ])
  await two.ok(['kured-sentinel', 'ignore', 'remove', 'e'])
  await two.ok(['kured-sentinel', 'fleet', 'report'])
  const later = await night()
  assert.equal(later[1], 'c 4-1, e 4-1')

  // The mirror has the database, and not yet the package: nothing is published.
  await offer(cache, plain('a', '5'), plain('d', '5'))
  await cache.shell('mv /srv/lab/d-5-* /root')
  await cache.run(['systemctl', 'start', 'pacman-cache-update'])
  assert.equal((await published()).outcome, 'failed')
  await upgrade()
  assert.deepEqual(ended.slice(-3), ['nothing-to-do', 'nothing-to-do', 'nothing-to-do'])
  await cache.shell('mv /root/d-5-* /srv/lab')
  const last = ['a 5-1, better 3-1', 'c 4-1, e 4-1', 'c 4-1, d 5-1, e 4-1']
  assert.deepEqual(await night(), last)

  // Half a set, as of a publication that was cut, or databases that a person has refreshed.
  await offer(cache, plain('d', '6'))
  await cache.ok(['pacman', '-Sy'])
  const torn = await preflight(three, 'upgrade')
  assert.equal(torn.exitCode, 1)
  assert.match(torn.said, /^skip: lab\.db is not the one that cache published at /)
  const [, , mended] = await night()
  assert.match(mended ?? '', /d 6-1/)

  // The order of versions is vercmp's.
  const pairs = [
    '1.0-1 1.0-2',
    '1:1-1 2-1',
    '1.0rc1 1.0',
    '1.0.a 1.0.1',
    '1..1 1.1',
    '01 1',
    '1_ 1',
  ]
  for (const pair of pairs) {
    const [older = '', newer = ''] = pair.split(' ')
    assert.equal(
      Math.sign(compareVersions(older, newer)),
      Number(await cache.ok(['vercmp', older, newer])),
      pair,
    )
  }

  // A run by hand beside another one says nothing of that one.
  const state = () => cache.ok(['cat', '/var/lib/kured-sentinel/publication.json'])
  const before = await state()
  await cache.shell("flock /run/kured-sentinel/locks/publish sh -c '! kured-sentinel publish'")
  assert.equal(await state(), before)

  // A second cache host says so, before it does anything.
  await cache.shell(
    'systemd-machine-id-setup --print; echo 0123456789abcdef0123456789abcdef >/etc/machine-id',
  )
  const other = await preflight(cache, 'download')
  assert.equal(other.exitCode, 255, other.said)
  assert.match(other.said, /cache published these databases at .*publish --take-over/)
  await cache.ok(['kured-sentinel', 'publish', '--take-over', '--json'])
  assert.equal((await preflight(cache, 'download')).exitCode, 0)
}
