/** The share over NFS 4.2, as README.md has it; and its server, which dies. The rest: campaign -- nfs. */
import assert from 'node:assert/strict'
import { GATE, gated, plain } from '../lab/recipes.ts'
import { assertAnswers, PATIENCE_MS, readRun, say, startGatedUpgrade } from './commands.ts'
import { takeOffer } from './goods.ts'
import { dropPackages, startShare } from './share.ts'
import { machineTest } from './shared.ts'

const packages = (version: string) => [
  gated('one', version),
  plain('two', version),
  plain('three', version),
  plain('four', version),
]

machineTest('the share over NFS 4.2, and its server that dies', async (step) => {
  const offers = [{ recipes: packages('1.0') }, { recipes: packages('2.0') }]
  const share = await startShare(offers, { fleet: true })
  const { server, cache } = share
  const [node] = share.nodes
  if (node === undefined) throw new Error('no node')

  await step('mounted by the units, and filled by the cache host', async () => {
    const install = 'mount /srv/goods; pacman -U --noconfirm /srv/goods/0/'
    // The node has a package that the cache host does not know.
    await Promise.all([
      cache.shell(`${install}[ot]*.pkg.tar.gz`),
      node.shell(`${install}*.pkg.tar.gz; kured-sentinel fleet report`),
    ])
    await takeOffer(cache, 1)
    await cache.shell('systemctl start pacman-cache-update', PATIENCE_MS)
    const { outcome, problems } = await readRun(cache, 'download')
    assert.deepEqual([outcome, problems], ['completed', []])
    for (const [machine, how] of [
      [cache, 'rw'],
      [node, 'ro'],
    ] as const) {
      const mounts = await machine.shell('findmnt -rnt nfs4 -o TARGET,SOURCE,OPTIONS')
      for (const [path, name] of [
        ['/var/lib/pacman/sync', 'sync'],
        ['/var/cache/pacman/pkg', 'pkg'],
      ] as const) {
        const line = `^${path} nas:/srv/pacman/${name} ${how},\\S*vers=4\\.2\\S*,hard,`
        assert.match(mounts, new RegExp(line, 'm'))
      }
      assert.match(mounts, /^\/var\/cache\/kured-sentinel\/fleet nas:\/srv\/pacman\/fleet rw,/m)
    }
    assert.equal((await node.run('touch /var/cache/pacman/pkg/x')).exitCode, 1)
    const { exitCode, said } = await say(node, 'preflight upgrade')
    assert.deepEqual([exitCode, said], [0, 'go: the upgrade can begin'])
    await node.shell('ls /var/cache/pacman/pkg/four-2.0-1-any.pkg.tar.gz')
  })

  await step(
    'it dies in mid-upgrade: pacman waits, and all else is told so in its time',
    async () => {
      await startGatedUpgrade(cache)
      await Promise.all([node, cache].map(dropPackages))
      await server.powerCut()
      await cache.shell(`rm ${GATE}`)
      const atWork = /pacman is at work: PID \d+ holds \/var\/lib\/pacman\/db\.lck/
      await assertAnswers(cache, [
        ['', 1, atWork],
        ['reboot --dry-run', 1, /would wait: pacman is at work/],
        ['restart', 2, /nothing was restarted: pacman is at work/],
        ['status', 0, atWork],
      ])
    },
  )
})
