/** The share over NFS and what rarely happens to it: each round has one of these, on three machines or four. */
import assert from 'node:assert/strict'
import { errorText } from '../../src/errors.ts'
import { until } from '../cluster/until.ts'
import { GATE, gated, plain, tool } from '../lab/recipes.ts'
import {
  askWhenKnown,
  assertAnswers,
  PATIENCE_MS,
  readRun,
  say,
  SOON_WELL,
  startGatedUpgrade,
  untilUpgraded,
} from '../machine/commands.ts'
import { takeOffer } from '../machine/goods.ts'
import { liveMachines, type Machine } from '../machine/machine.ts'
import { readRecipe } from '../machine/recipe.ts'
import {
  dropPackages,
  exportShare,
  restartMounts,
  type Share,
  startShare,
} from '../machine/share.ts'
import { random, type Round } from './rounds.ts'

const PKG = '/var/cache/pacman/pkg'
const packages = (version: string) => [
  gated('one', version),
  plain('two', version),
  plain('three', version),
]
/** A program below /opt, which may be a mount too. */
const optTool = (version: string) => ({
  ...tool(version),
  name: 'opt-tool',
  files: { '/usr/lib/systemd/system/opt-tool.service': '[Service]\nExecStart=/opt/tool/tool\n' },
  package: 'install -D -t "$pkgdir/opt/tool" tool',
})

const OFFERS = [
  { recipes: [...packages('1.0'), optTool('1.0')] },
  { recipes: [...packages('2.0'), optTool('2.0')] },
]

interface Place extends Share {
  node: Machine
  /** ms */
  at: number
}

interface Scenario {
  /** options of `units install` */
  more?: string
  /** beside the cache host; one, unless told */
  nodes?: string[]
  run: (place: Place) => Promise<string | void>
}

const SCENARIOS: Record<string, Scenario> = {
  'the server dies while three hosts upgrade': { nodes: ['node', 'other'], run: dies },
  'the export is made anew': { run: madeAnew },
  'the export is full': { run: full },
  root_squash: { run: squash },
  'a soft mount': { run: soft },
  'on demand': { more: '--automount', run: onDemand },
  'code from the share': { run: code },
  'a reboot in mid-upgrade without the server': { run: rebootWithout },
  'the server stays away': { run: staysAway },
}

/** One scenario after the other; moments come from the seed. */
export async function nfs(seed: number, round: number): Promise<Round> {
  const all = Object.entries(SCENARIOS)
  const [what, { run, ...how }] = all[round % all.length]!
  const at = Math.round(random(seed, round) * 10_000)
  const began = performance.now()
  const seconds = () => `${Math.round((performance.now() - began) / 1000)} s`
  try {
    const share = await startShare(OFFERS, how)
    const [node] = share.nodes
    if (node === undefined) throw new Error('no node')
    await fill(share)
    const ready = seconds()
    const said = (await run({ ...share, node, at })) ?? ''
    const detail = `${seconds()}, of which ${ready} to begin${said && `; ${said}`}`
    return { round, what, at, end: 'whole', detail }
  } catch (error) {
    const why = errorText(error).replaceAll('\n', ' ')
    return { round, what, at, end: 'broken', detail: `${seconds()}: ${why}` }
  } finally {
    await Promise.all(liveMachines().map((machine) => machine.discard()))
  }
}

/** The old packages on both hosts, and the new ones in the share. */
async function fill({ cache, nodes }: Share): Promise<void> {
  const install = `${SOON_WELL}; mount /srv/goods; pacman -U --noconfirm $(ls /srv/goods/0/*.pkg.tar.gz | grep -v opt-tool)`
  await Promise.all([cache, ...nodes].map((machine) => machine.shell(install, PATIENCE_MS)))
  await takeOffer(cache, 1)
  await download(cache)
  assert.equal((await readRun(cache, 'download')).outcome, 'completed')
}

const download = (cache: Machine) => cache.run('systemctl start pacman-cache-update', PATIENCE_MS)
const upgrade = (machine: Machine) => machine.run('systemctl start pacman-upgrade', PATIENCE_MS)

async function assertWhole(machine: Machine): Promise<void> {
  const run = await readRun(machine)
  const { outcome, packages: count, problems } = run
  const told = `${machine.name}: ${JSON.stringify(run)}`
  assert.deepEqual([outcome, count, problems], ['completed', 3, []], told)
  await machine.shell('pacman -Dk; pacman -Qkk one two three')
}

/** After a repair and an upgrade. */
async function assertMended(machine: Machine): Promise<void> {
  await machine.shell(
    'pacman -Dk; pacman -Qkk one two three; [ ! -s /var/lib/kured-sentinel/unfinished ]',
  )
  assert.equal(
    await machine.shell('pacman -Q one two three'),
    'one 2.0-1\ntwo 2.0-1\nthree 2.0-1\n',
  )
}

async function dies({ server, cache, nodes, at }: Place): Promise<void> {
  const hosts = [cache, ...nodes]
  await Promise.all(hosts.map(startGatedUpgrade))
  await Promise.all(hosts.map(dropPackages))
  await Promise.all(
    hosts.map((host) => host.shell(`(sleep ${at / 1000}; rm ${GATE}) >/dev/null 2>&1 &`)),
  )
  await server.powerCut()
  const diedAt = Date.now()
  await until('it was away for long enough', () => Date.now() - diedAt > 60_000 + at, 120_000)
  await server.boot()
  for (const host of hosts) {
    await untilUpgraded(host)
    await assertWhole(host)
  }
}

/** A client keeps attributes for up to a minute. [nfs(5), acdirmax] */
async function untilSaid(machine: Machine, command: string, text: RegExp): Promise<void> {
  let last = ''
  const heard = async () => text.test((last = (await say(machine, command)).said))
  await until(`${text}`, heard, PATIENCE_MS).catch((cause: unknown) => {
    throw new Error(`${command}: ${last}`, { cause })
  })
}

/** ESTALE: the handles that clients have lead nowhere. [nfs(5)] */
async function madeAnew({ server, node }: Place): Promise<void> {
  await server.shell(`cd /srv/pacman
for name in sync pkg; do cp -a $name new; rm -r $name; mv new $name; done
exportfs -ra`)
  const stale = /Stale file handle/
  await untilSaid(node, 'preflight upgrade', stale)
  await assertAnswers(node, [
    ['preflight upgrade', 1, stale],
    ['doctor', 2, /made the export anew: systemctl restart var-lib-pacman-sync\.mount/],
    ['', 1, /^no reboot required$/],
    ['status', 0, /^\S+ no reboot due/],
  ])
  await upgrade(node)
  assert.match((await readRun(node)).reason, stale)
  await node.shell('systemctl restart var-lib-pacman-sync.mount var-cache-pacman-pkg.mount')
  await upgrade(node)
  await assertWhole(node)
}

const numbered = (line: string) => line.replaceAll('sync)', 'sync,fsid=7)')

async function full({ server, cache, node }: Place): Promise<void> {
  await server.shell(`cp -a /srv/pacman/pkg /srv/kept
mount -t tmpfs -o size=16M none /srv/pacman/pkg
cp -a /srv/kept/. /srv/pacman/pkg
dd if=/dev/zero of=/srv/pacman/pkg/filler bs=1M 2>/dev/null || true`)
  // A file system without a UUID needs a number. [exports(5), fsid=]
  await exportShare(server, readRecipe(false).exports.replaceAll(/(\/pkg .*)/g, numbered))
  await Promise.all([cache, node].map(restartMounts))
  await assertAnswers(cache, [['preflight download', 1, /free/]])
  await cache.shell(
    `printf '[upgrade]\\nmin-free = 0\\n' >>/etc/kured-sentinel.conf; rm ${PKG}/two-2*`,
  )
  await server.shell('dd if=/dev/zero of=/srv/pacman/pkg/more bs=1k 2>/dev/null || true')
  await download(cache)
  const run = await readRun(cache, 'download')
  assert.equal(run.outcome, 'failed', JSON.stringify(run))
  assert.match(run.reason, /^the cache has no room: /)
  await assertAnswers(node, [['preflight upgrade', 1, /two/]])
}

async function squash({ server, cache }: Place): Promise<void> {
  const { exports } = readRecipe(false)
  const squashed = exports.replaceAll('no_root_squash', 'root_squash')
  await cache.shell(`rm ${PKG}/two-2*`)
  await exportShare(server, squashed)
  // The client keeps the server's yes until the directory changes: only a write is refused.
  await download(cache)
  const run = await readRun(cache, 'download')
  assert.equal(run.outcome, 'failed', JSON.stringify(run))
  assert.match(run.reason, /pkg cannot be written to: Permission denied\. To do: .*no_root_squash/)
  await restartMounts(cache)
  const asked = (text: RegExp) => untilSaid(cache, 'preflight download', text)
  await asked(/cannot be written to: .*no_root_squash/)
  await server.shell('chown -R nobody:nogroup /srv/pacman/sync /srv/pacman/pkg')
  await asked(/pacman cannot give its downloads to alpm \(no_root_squash\)/)
  await assertAnswers(cache, [['doctor', 2, /its server maps root to nobody/]])
  await server.shell('chown -R root:root /srv/pacman/sync /srv/pacman/pkg')
  await exportShare(server, exports)
  await asked(/^go:/)
}

/** The transaction fails half-way, and says so; once the mounts are hard again a night mends it. */
async function soft({ server, node }: Place): Promise<void> {
  const mountWith = async (options: string) => {
    await node.shell(`cd /etc/systemd/system
sed -i -E 's/^Options=(hard|soft,timeo=10,retrans=1),/Options=${options},/' var-*.mount
systemctl daemon-reload`)
    await restartMounts(node)
  }
  await mountWith('soft,timeo=10,retrans=1')
  await startGatedUpgrade(node)
  await dropPackages(node)
  await server.powerCut()
  await node.shell(`rm ${GATE}`)
  await untilUpgraded(node)
  const run = await readRun(node)
  assert.notEqual(run.outcome, 'completed', JSON.stringify(run))
  await assertAnswers(node, [['doctor', 2, /kured-sentinel repair/]])
  await server.boot()
  await mountWith('hard')
  await upgrade(node)
  await assertMended(node)
}

async function onDemand({ server, node }: Place): Promise<string> {
  const unmount = 'systemctl stop var-lib-pacman-sync.mount var-cache-pacman-pkg.mount'
  await node.shell(unmount)
  await assertAnswers(node, [['preflight upgrade', 0, /^go:/]])
  await node.shell(unmount)
  await server.powerCut()
  const took = await assertAnswers(node, [
    ['', 1, /^no reboot required$/],
    ['status', 0, /^\S+ no reboot due/],
    ['restart', 0, /^nothing to restart/],
    ['reboot --dry-run', 0, /^would reboot now/],
    ['preflight upgrade', 1, /does not answer/],
    ['doctor', 2, /does not answer/],
  ])
  const ms = await node.reboot(PATIENCE_MS)
  await server.boot()
  await upgrade(node)
  await assertWhole(node)
  return `${took}; a reboot without the server: down and up in ${Math.round(ms / 1000)} s`
}

/** What an answer may take that needs 5 s on a quiet host. */
const LOADED_S = 120

/**
 * All that may be asked while nobody answers, each in its time: documented is a minute for preflight
 * and two for doctor. Then the node goes down and comes up, and is as it was once the server is back.
 */
async function staysAway({ server, node }: Place): Promise<string> {
  await server.powerCut()
  const silent = /does not answer/
  const took = await assertAnswers(node, [
    ['', 1, /^no reboot required$/, LOADED_S],
    ['status', 0, /^\S+ no reboot due/, LOADED_S],
    ['restart', 0, /^nothing to restart/, LOADED_S],
    ['reboot --dry-run', 0, /^would reboot now/, LOADED_S],
    ['preflight upgrade', 1, silent, 60 + LOADED_S],
    ['doctor', 2, silent, 120 + LOADED_S],
  ])
  await upgrade(node)
  assert.match((await readRun(node)).reason, silent)
  // PID 1 has not gone to look itself.
  await node.shell('timeout 60 systemctl show --property=Version')
  const ms = await node.reboot(PATIENCE_MS)
  const after = await assertAnswers(node, [
    ['', 1, /^no reboot required$/, LOADED_S],
    ['preflight upgrade', 1, /is not mounted/, LOADED_S],
    ['doctor', 2, /is not mounted/, 120 + LOADED_S],
  ])
  await server.boot()
  await upgrade(node)
  await assertWhole(node)
  return `${took}; a reboot: down and up in ${Math.round(ms / 1000)} s; then ${after}`
}

/** The upgrade gets its time to end, here 20 s and by the unit 25 min; then pacman is killed. */
async function rebootWithout({ server, node }: Place): Promise<string> {
  const dropIn = '/etc/systemd/system/pacman-upgrade.service.d/test.conf'
  await node.writeFile(dropIn, '[Service]\nTimeoutStopSec=20s\n')
  await node.shell('systemctl daemon-reload')
  await startGatedUpgrade(node)
  await dropPackages(node)
  await server.powerCut()
  await node.shell(`rm ${GATE}`)
  const ms = await node.reboot(PATIENCE_MS)
  await assertAnswers(node, [['doctor', 2, /kured-sentinel repair/]])
  await server.boot()
  await upgrade(node)
  await assertMended(node)
  return `down and up in ${Math.round(ms / 1000)} s`
}

/** A program on the share whose file is replaced while it runs: the client keeps it as .nfs…. */
async function code({ server, node }: Place): Promise<void> {
  await server.shell(`mkdir -p /srv/opt
echo '/srv/opt 10.75.83.0/24(rw,no_root_squash,sync)' >>/etc/exports
exportfs -ra`)
  await node.shell(
    `mkdir -p /opt; mount -t nfs nas:/srv/opt /opt
pacman -U --noconfirm /srv/goods/0/opt-tool-*.pkg.tar.gz
systemctl start opt-tool
pacman -U --noconfirm /srv/goods/1/opt-tool-2*.pkg.tar.gz`,
    PATIENCE_MS,
  )
  const { exitCode, said } = await askWhenKnown(node)
  assert.match(
    said,
    /^reboot required: tool\[\d+\] runs a replaced executable: \/opt\/tool\/\.nfs\w+/,
  )
  assert.equal(exitCode, 0)
  await assertAnswers(node, [
    ['restart', 0, /restarted: opt-tool\.service/],
    ['', 1, /^no reboot required$/],
  ])
}
