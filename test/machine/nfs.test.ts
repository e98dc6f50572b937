/** The share over NFS 4.2, as README.md has it; and its server, which dies. */
import assert from 'node:assert/strict'
import { until } from '../cluster/until.ts'
import { GATE, gated, plain } from '../lab/recipes.ts'
import {
  assertAnswers,
  PATIENCE_MS,
  readRun,
  say,
  startGatedUpgrade,
  untilUpgraded,
} from './commands.ts'
import { takeOffer } from './goods.ts'
import type { Machine } from './machine.ts'
import { dropPackages, startShare } from './share.ts'
import { machineTest } from './shared.ts'

/** For so long at least the server is away while an upgrade waits for it. */
const AWAY_MS = 60_000

const packages = (version: string) => [
  gated('one', version),
  plain('two', version),
  plain('three', version),
]

machineTest('the share over NFS 4.2, and its server that dies', async (step) => {
  const offers = [{ recipes: packages('1.0') }, { recipes: packages('2.0') }]
  const share = await startShare(offers)
  const { server, cache } = share
  const [node] = share.nodes
  if (node === undefined) throw new Error('no node')

  await step('mounted by the units, and filled by the cache host', async () => {
    const install = 'pacman -U --noconfirm /srv/goods/0/*.pkg.tar.gz'
    await Promise.all([node, cache].map((machine) => machine.shell(`mount /srv/goods; ${install}`)))
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
      ]) {
        const line = `^${path} nas:/srv/pacman/${name} ${how},\\S*vers=4\\.2\\S*,hard,`
        assert.match(mounts, new RegExp(line, 'm'))
      }
    }
    assert.equal((await node.run('touch /var/cache/pacman/pkg/x')).exitCode, 1)
    const { exitCode, said } = await say(node, 'preflight upgrade')
    assert.deepEqual([exitCode, said], [0, 'go: the upgrade can begin'])
  })

  let diedAt = 0
  await step(
    'it dies in mid-upgrade: pacman waits, and all else is told so in its time',
    async () => {
      await startGatedUpgrade(cache)
      await Promise.all([node, cache].map(dropPackages))
      await server.powerCut()
      diedAt = Date.now()
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

  await step(
    'it stays away: each command ends in its time, with an answer that says so',
    async () => {
      const silent = /\/var\/lib\/pacman\/sync .*does not answer: no answer within \d+ s/
      await Promise.all([
        assertAnswers(node, [
          ['', 1, /^no reboot required$/],
          ['status', 0, /^\S+ no reboot due/],
          ['restart', 0, /^nothing to restart/],
          ['reboot --dry-run', 0, /would reboot now$/],
        ]),
        assertAnswers(node, [['doctor', 2, silent]]),
        assertAnswers(node, [['preflight upgrade', 1, silent]]),
      ])
      const waiting = await node.shell(`ps --no-headers -eo stat,args | grep '^D.*[^]]$' || true`)
      assert.equal(waiting, '', 'nobody is left behind in the kernel')
    },
  )

  await step(
    'it comes back: the upgrade that waited ends whole, and the node has its own',
    async () => {
      await until('the server was away long enough', () => Date.now() - diedAt >= AWAY_MS)
      await server.boot()
      await untilUpgraded(cache)
      await node.shell('systemctl start pacman-upgrade', PATIENCE_MS)
      await Promise.all([assertWhole(cache), assertWhole(node)])
    },
  )
})

async function assertWhole(machine: Machine): Promise<void> {
  const { outcome, packages: count, problems } = await readRun(machine)
  assert.deepEqual([outcome, count, problems], ['completed', 3, []], machine.name)
  const checked = await machine.shell(
    'pacman -Q one two three; pacman -Dk >&2; pacman -Qkk one two three >&2; [ ! -s /var/lib/kured-sentinel/unfinished ]',
  )
  assert.equal(checked, 'one 2.0-1\ntwo 2.0-1\nthree 2.0-1\n', machine.name)
}
