/** A host that goes down, or a job that is stopped, in the middle of an upgrade or a download. */
import assert from 'node:assert/strict'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { SEED_UPGRADE } from '../fixture/seed-units.ts'
import { readRun } from '../lab/upgrade-job.ts'
import {
  mountAll,
  outcome,
  prepareSlowUpgrade,
  rewind,
  startUpgrade,
} from '../lab/slow-packages.ts'

const MOUNTED = { tmpfs: ['/var/lib/pacman/sync', '/var/cache/pacman/pkg'] }

const reboots = async (node: LabNode) => {
  assert.equal(await node.waitForEnd(), 'reboot')
  await node.boot()
}

const STOPS: Record<string, (node: LabNode) => Promise<void>> = {
  'systemctl stop': async (node) => {
    await node.ok(['systemctl', 'stop', 'pacman-upgrade.service'])
  },
  'systemctl reboot': async (node) => {
    await node.run(['systemctl', 'reboot'])
    await reboots(node)
  },
  // What Kured's --reboot-method=signal does.
  'SIGRTMIN+5 to PID 1': async (node) => {
    await node.shell('kill -s RTMIN+5 1')
    await reboots(node)
  },
}

labTest('stopped in the middle of an upgrade: all of it is done, and nothing left', async () => {
  await using node = await bootNode()
  await mountAll(node)
  await prepareSlowUpgrade(node)
  await node.ok(['kured-sentinel', 'units', 'install'])
  for (const [how, stop] of Object.entries(STOPS)) {
    await rewind(node)
    await startUpgrade(node)
    await stop(node)
    assert.deepEqual(await outcome(node), { upgraded: 4, hookRan: true, locked: false }, how)
    const { outcome: recorded, packages, problems } = await readRun(node)
    assert.deepEqual([recorded, packages, problems], ['completed', 4, []], how)
    await node.ok(['rm', '/var/lib/kured-sentinel/run-upgrade.json'])
  }
})

labTest('the same with the seed’s unit: half the packages, no hook, a lock left', async () => {
  await using node = await bootNode()
  await mountAll(node)
  await prepareSlowUpgrade(node)
  await node.writeFile('/etc/systemd/system/pacman-upgrade.service', SEED_UPGRADE)
  await node.ok(['systemctl', 'daemon-reload'])
  for (const [how, stop] of Object.entries(STOPS)) {
    await rewind(node)
    await startUpgrade(node)
    await stop(node)
    const { upgraded, hookRan, locked } = await outcome(node)
    assert.ok(upgraded < 4 && !hookRan && locked, `${how}: ${upgraded} ${hookRan} ${locked}`)
  }
})

labTest('the cache is taken away in the middle of an upgrade, and is there again', async () => {
  await using node = await bootNode()
  await mountAll(node)
  await prepareSlowUpgrade(node)
  await node.ok(['kured-sentinel', 'units', 'install'])
  await rewind(node)
  await startUpgrade(node)
  await node.ok(['umount', '--lazy', '/var/cache/pacman/pkg'])
  const state = 'systemctl show -P ActiveState pacman-upgrade'
  await node.shell(`until [ "$(${state})" = failed ]; do sleep 0.1; done`, { timeoutMs: 30_000 })
  assert.equal((await outcome(node)).locked, false)
  const broken = await readRun(node)
  assert.equal(broken.outcome, 'failed')
  const [, name] = /could not open file \S+\/(\w+)-2\.0-1-any\.pkg/.exec(broken.reason) ?? []
  assert.ok(name, broken.reason)

  // Nothing is skipped over in silence: the next run repairs what pacman left without its files.
  const remount =
    'systemctl stop var-cache-pacman-pkg.mount; systemctl start var-cache-pacman-pkg.mount'
  await node.shell(`${remount}; pacman -Syuw --noconfirm; systemctl start pacman-upgrade`)
  const { outcome: recorded, problems, lastEnd } = await readRun(node)
  assert.deepEqual([recorded, problems, lastEnd?.repaired], ['nothing-to-do', [], true])
  assert.deepEqual(await outcome(node), { upgraded: 4, hookRan: true, locked: false })
})

/** A mirror that sends half a package and then nothing, until /run/fast is there. */
const MIRROR = `
const { existsSync, readFileSync } = require('node:fs')
require('node:http').createServer((request, response) => {
  let bytes
  try { bytes = readFileSync('/srv/lab' + request.url) } catch { return response.writeHead(404).end() }
  const from = Number(/^bytes=(\\d+)-$/.exec(request.headers.range)?.[1] ?? 0)
  const [length, last] = [bytes.length - from, bytes.length - 1]
  const range = 'bytes ' + from + '-' + last + '/' + bytes.length
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': length, 'content-range': range })
  if (!request.url.endsWith('.pkg.tar.gz') || existsSync('/run/fast')) return response.end(bytes.subarray(from))
  response.write(bytes.subarray(from, from + length / 2))
}).listen(8000, '127.0.0.1')
`

const big = (version: string) => ({
  name: 'big',
  version,
  package: 'mkdir -p "$pkgdir/usr/share"; head -c 2000000 /dev/urandom > "$pkgdir/usr/share/big"',
})

labTest('stopped in the middle of a download: no lock, and the next run completes', async () => {
  await using node = await bootNode(MOUNTED)
  const cached = () => node.shell('cd /var/cache/pacman/pkg; find . -mindepth 1 | sort')
  const state = (property: string) =>
    node.shell(`systemctl show --value -p ${property} pacman-cache-update.service`)
  const runs = () => node.shell('grep -c synchronizing /var/log/pacman.log')
  await install(node, big('1.0'))
  await offer(node, big('2.0'))
  await node.shell('rm -rf /var/cache/pacman/pkg/*')
  await node.writeFile('/srv/mirror.cjs', MIRROR)
  await node.shell(
    "sed -i 's#^Server.*#Server = http://127.0.0.1:8000#' /etc/pacman.conf; systemd-run --unit=mirror node /srv/mirror.cjs",
  )
  await node.ok(['kured-sentinel', 'units', 'install', '--role', 'cache'])
  await node.writeFile(
    '/etc/systemd/system/pacman-cache-update.service.d/test.conf',
    '[Service]\nRestartSec=100ms\n',
  )
  await node.ok(['systemctl', 'daemon-reload'])

  await node.ok(['systemctl', 'start', '--no-block', 'pacman-cache-update.service'])
  const half = 'find /var/cache/pacman/pkg -name "big-2.0*.part" -size +500k | grep -q .'
  await node.shell(`until ${half}; do sleep 0.1; done`, { timeoutMs: 20_000 })
  await node.ok(['systemctl', 'stop', 'pacman-cache-update.service'], { timeoutMs: 20_000 })
  assert.equal((await node.run(['test', '-e', '/var/lib/pacman/db.lck'])).exitCode, 1)
  assert.equal(await state('SubState'), 'failed\n', 'and not waiting for a restart')
  assert.notEqual((await readRun(node, 'download')).outcome, 'completed')
  assert.equal(await cached(), './big-2.0-1-any.pkg.tar.gz.part\n')

  await node.shell('touch /run/fast; systemctl start pacman-cache-update.service')
  assert.equal(await cached(), './big-2.0-1-any.pkg.tar.gz\n')
  await node.shell(
    'cd /var/cache/pacman/pkg; cmp big-2.0-1-any.pkg.tar.gz /srv/lab/big-2.0-1-any.pkg.tar.gz',
  )
  await node.shell('systemctl stop mirror; systemctl start pacman-upgrade.service')
  assert.equal(await node.ok(['pacman', '-Q', 'big']), 'big 2.0-1\n')

  // No mirror at all: it is tried four times, then no more.
  const before = Number(await runs())
  await node.shell('systemctl reset-failed; ! systemctl start pacman-cache-update.service')
  const failed = 'systemctl is-failed -q pacman-cache-update.service'
  await node.shell(`until ${failed}; do sleep 0.2; done`, { timeoutMs: 30_000 })
  assert.equal(Number(await runs()) - before, 4)

  // Starts by hand are not counted.
  const start = 'systemctl start pacman-cache-update.service'
  const listens = `bash -c ': </dev/tcp/127.0.0.1/8000' 2>/dev/null`
  await node.shell('systemd-run --unit=mirror node /srv/mirror.cjs')
  await node.shell(`until ${listens}; do sleep 0.1; done`, { timeoutMs: 20_000 })
  await node.shell(`for i in 1 2 3 4 5 6; do ${start}; done; systemctl stop mirror`)
  assert.equal((await readRun(node, 'download')).outcome, 'nothing-to-do')
  const last = Number(await runs())
  await node.shell(`! ${start}; until ${failed}; do sleep 0.2; done`, { timeoutMs: 30_000 })
  assert.equal(Number(await runs()) - last, 4)
})
