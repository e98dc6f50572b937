/** The share over NFS 4.2: mounted by the units, written by the cache host, read by a node. */
import assert from 'node:assert/strict'
import { plain } from '../lab/recipes.ts'
import { PATIENCE_MS, readRun, say } from './commands.ts'
import { takeOffer } from './goods.ts'
import { startShare } from './share.ts'
import { machineTest } from './shared.ts'

const packages = (version: string) => ['one', 'two', 'three'].map((name) => plain(name, version))

machineTest('the share over NFS 4.2, as docs/upgrades.md has it', async (step) => {
  const offers = [{ recipes: packages('1.0') }, { recipes: packages('2.0') }]
  const { cache, node } = await startShare(offers)

  await step('mounted by the units, and filled by the cache host', async () => {
    const install = 'pacman -U --noconfirm /srv/goods/0/*.pkg.tar.gz'
    await Promise.all([node, cache].map((machine) => machine.shell(`mount /srv/goods; ${install}`)))
    await takeOffer(cache, 1)
    await cache.shell('systemctl start pacman-cache-update', PATIENCE_MS)
    assert.deepEqual(
      await readRun(cache, 'download').then(({ outcome, problems }) => [outcome, problems]),
      ['completed', []],
    )
    for (const machine of [cache, node]) {
      const mounts = await machine.shell('findmnt -rnt nfs4 -o TARGET,SOURCE,OPTIONS')
      assert.match(
        mounts,
        /^\/var\/lib\/pacman\/sync server:\/srv\/pacman\/sync \S*vers=4\.2\S*hard/m,
      )
      assert.match(
        mounts,
        /^\/var\/cache\/pacman\/pkg server:\/srv\/pacman\/pkg \S*vers=4\.2\S*hard/m,
      )
    }
    assert.equal((await node.run('touch /var/cache/pacman/pkg/x')).exitCode, 1)
    const { exitCode, said } = await say(node, 'preflight upgrade')
    assert.deepEqual([exitCode, said], [0, 'go: the upgrade can begin'])
  })
})
