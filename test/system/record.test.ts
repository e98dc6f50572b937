/** The jobs under a real systemd, with the real pacman: how they end, and what is kept of it. */
import assert from 'node:assert/strict'
import type { RunRecord } from '../../src/record/run-record.ts'
import { shipped } from '../fixture/shipped.ts'
import { makeTree } from '../fixture/tree.ts'
import { consoleBlock, followConsole } from '../fixture/console.ts'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { plain } from '../lab/recipes.ts'
import { CACHE, installJobs, LOCK, readRun, SYNC, upgrade } from '../lab/upgrade-job.ts'

const UNIT = 'pacman-upgrade.service'
const JOB = 'systemctl start pacman-cache-update.service'
const LOG = '/var/log/pacman.log'

/** A package whose scriptlet waits for a file, a minute at most. */
const waiting = (name: string, version: string) =>
  plain(name, version, {
    install:
      'post_upgrade() { for i in $(seq 1200); do [ -e /run/go ] && break; sleep 0.05; done; }',
  })

const hook = (exec: string, lines = '') =>
  `[Trigger]\nOperation = Upgrade\nType = Package\nTarget = *\n[Action]\n${lines}\nWhen = PostTransaction\nExec = ${exec}\n`

/** Starts the upgrade, and returns when its first package's scriptlet waits. */
async function startSlowUpgrade(node: LabNode, text: string): Promise<void> {
  await node.run(['rm', '-f', '/run/go'])
  await node.ok(['systemctl', 'start', '--no-block', UNIT])
  await node.shell(`until grep -qF '${text}' ${LOG}; do sleep 0.05; done`)
}

async function awaitEnd(node: LabNode): Promise<RunRecord> {
  await node.ok(['touch', '/run/go'])
  const state = `systemctl show --property=ActiveState --value ${UNIT}`
  await node.shell(`until ${state} | grep -qE '^(inactive|failed)$'; do sleep 0.05; done`)
  return readRun(node)
}

/** The `setsid` leaves its process group. */
const TELL = `#!/bin/sh
setsid --fork sleep 98765 </dev/null >/dev/null 2>&1
cat >>/run/told
`

const FOUR = ['a', 'b', 'c', 'd']

/** A node with the jobs and four packages, of which nothing is to be upgraded yet. */
async function bootWithJobs(): Promise<LabNode> {
  const node = await bootNode()
  await installJobs(node, '--local')
  await install(node, ...FOUR.map((name) => plain(name, '1')))
  return node
}

async function fetch(node: LabNode, ...recipes: ReturnType<typeof plain>[]): Promise<void> {
  await offer(node, ...recipes)
  await node.ok(['pacman', '-Syuw', '--noconfirm'])
}

labTest('an upgrade with nothing to do, and one in which hooks and a scriptlet fail', async () => {
  await using node = await bootWithJobs()
  assert.equal((await upgrade(node)).outcome, 'nothing-to-do')

  // What fails on the way, and ends with 0.
  const directory = '/etc/pacman.d/hooks'
  const bad = hook('/bin/sh -c "echo words; exit 3"', 'Description = A bad hook')
  await node.writeFile(`${directory}/90-bad.hook`, bad)
  await node.writeFile(`${directory}/91-good.hook`, hook('/bin/true'))
  await node.writeFile(`${directory}/92-none.hook`, hook('/usr/bin/notthere'))
  await fetch(node, plain('a', '2', { install: 'post_upgrade() { false; }\n' }), plain('b', '2'))
  const completed = await upgrade(node)
  assert.deepEqual(
    [completed.outcome, completed.packages, completed.reason, completed.problems],
    [
      'completed',
      2,
      '2 packages',
      [
        'the scriptlet of a: command failed to execute correctly',
        '90-bad.hook (A bad hook): command failed to execute correctly',
        '92-none.hook: command failed to execute correctly',
      ],
    ],
  )
  await node.ok(['journalctl', '--sync'])
  await followConsole(
    consoleBlock(
      'docs/upgrades.md',
      '# journalctl -u pacman-upgrade -t kured-sentinel -o cat -n 2',
    ),
    async (script) => (await node.run(['/bin/sh', '-c', script])).stdout,
  )
  const warnings = await node.ok(['journalctl', '-u', UNIT, '-p', '4..4', '-o', 'cat'])
  assert.match(warnings, /^upgrade completed: 2 packages; the scriptlet of a: .*; 90-bad\.hook /)
})

labTest(
  'an upgrade that is skipped, stopped, or fails: the last one that had work is kept',
  async () => {
    await using node = await bootWithJobs()
    await fetch(node, plain('a', '2'), plain('b', '2'))
    const completed = await upgrade(node)
    assert.equal(completed.outcome, 'completed')

    await fetch(node, plain('a', '3'), plain('b', '3'))
    await node.shell(`rm ${CACHE}/a-3*`)
    const skipped = await upgrade(node)
    assert.equal(skipped.outcome, 'skipped')
    assert.match(skipped.reason, /^1 of 2 packages not in the cache.*: a 3-1\. To do: /)
    assert.equal((await node.run(['systemctl', 'is-failed', UNIT])).stdout, 'inactive\n')
    assert.equal((await upgrade(node)).outcome, 'skipped')
    const tired = await upgrade(node)
    assert.equal(tired.outcome, 'failed')
    assert.match(tired.reason, /not in the cache.* \(skipped 3 times in a row\)/)
    assert.equal((await node.run(['systemctl', 'is-failed', UNIT])).stdout, 'failed\n')
    await node.shell(`touch -d '-2 hours' ${LOCK}`)
    const stopped = await upgrade(node)
    assert.equal(stopped.outcome, 'failed')
    assert.match(stopped.reason, /^stale lock/)
    assert.deepEqual(stopped.lastEnd, completed)
    assert.equal((await node.run(['systemctl', 'is-failed', UNIT])).stdout, 'failed\n')
    await node.ok(['rm', LOCK])

    // pacman itself fails, and a program of the administrator hears of it: once for two such nights.
    for (const name of ['kured-sentinel-notify.path', 'kured-sentinel-notify.service']) {
      await node.writeFile(`/etc/systemd/system/${name}`, shipped(`systemd/${name}`))
    }
    await node.writeFile('/etc/kured-sentinel/notify.d/tell', TELL, 0o755)
    await node.ok(['systemctl', 'daemon-reload'])
    await node.ok(['systemctl', 'start', 'kured-sentinel-notify.path'])
    await fetch(node, plain('b', '4', { files: { '/usr/share/taken': 'x' } }))
    await node.writeFile('/usr/share/taken', 'mine')
    const failed = await upgrade(node)
    assert.deepEqual(
      [failed.outcome, failed.reason, failed.packages],
      [
        'failed',
        'failed to commit transaction (conflicting files); b: /usr/share/taken exists in filesystem',
        0,
      ],
    )
    await upgrade(node)
    await node.ok(['rm', '/usr/share/taken'])
    assert.equal((await upgrade(node)).outcome, 'completed')
    // Each minute's check, which cannot even read its configuration.
    await node.writeFile('/etc/kured-sentinel.conf', 'garbage\n')
    for (let minute = 0; minute < 3; minute++) {
      assert.equal((await node.asKured(['/usr/bin/kured-sentinel'])).exitCode, 2)
    }
    await node.shell('until [ "$(wc -l </run/told)" -ge 3 ]; do sleep 0.1; done')
    const told = (await node.readFile('/run/told')).trimEnd().split('\n')
    const [trouble, end, attention] = told.map((line) => JSON.parse(line))
    assert.equal(told.length, 3)
    assert.match(attention.message, /^attention, no reboot: .*kured-sentinel\.conf:1/)
    assert.match(trouble.message, /^upgrade failed: failed to commit transaction \(conflicting/)
    assert.deepEqual([trouble.event, trouble.trouble], ['upgrade', true])
    assert.deepEqual([end.details.outcome, end.trouble], ['completed', false])
    // What it left running, out of its process group, has gone with the service.
    await node.shell("until ! pgrep -f '[s]leep 98765'; do sleep 0.1; done")
  },
)

labTest('an upgrade that another pacman, SIGINT or the rotation of its log meets', async () => {
  await using node = await bootWithJobs()
  // It does not get the lock.
  await fetch(node, ...FOUR.map((name) => waiting(name, '2')))
  await startSlowUpgrade(node, 'upgraded a (1-1 -> 2-1)')
  assert.equal((await node.run(['pacman', '-R', '--noconfirm', 'd'])).exitCode, 1)
  const alone = await awaitEnd(node)
  assert.deepEqual([alone.outcome, alone.packages], ['completed', 4])

  // SIGINT in mid-transaction, which pacman answers with 0; and the log is moved away before it.
  await fetch(node, ...FOUR.map((name) => waiting(name, '3')))
  await startSlowUpgrade(node, 'upgraded a (2-1 -> 3-1)')
  await node.ok(['mv', LOG, `${LOG}.1`])
  await node.ok(['systemctl', 'kill', '--signal=INT', '--kill-whom=main', UNIT])
  const interrupted = await awaitEnd(node)
  assert.deepEqual([interrupted.outcome, interrupted.packages], ['interrupted', 1])
  assert.match(interrupted.reason, /mid-transaction \(exit code 0\) after 1 package: the/)
  const { outcome, lastEnd } = await upgrade(node)
  assert.deepEqual([outcome, lastEnd?.repaired], ['nothing-to-do', true], 'it is repaired before')
})

labTest('an upgrade that a power cut ends is told by the next one, and repaired', async () => {
  await using node = await bootWithJobs()
  await fetch(node, ...FOUR.map((name) => waiting(name, '2')))
  await startSlowUpgrade(node, 'upgraded a (1-1 -> 2-1)')
  await node.powerCut()
  await node.boot()
  // Older than the boot of this machine, whose uptime the node has.
  await node.shell(`touch -d @1000000000 ${LOCK}; touch /run/go`)
  const { outcome, lastEnd } = await upgrade(node)
  assert.deepEqual(
    [outcome, lastEnd?.outcome, lastEnd?.reason, lastEnd?.repaired],
    [
      'nothing-to-do',
      'interrupted',
      'the host went down before 4 packages and all hooks were finished',
      true,
    ],
  )
  assert.equal(await node.ok(['pacman', '-Q', ...FOUR]), 'a 2-1\nb 2-1\nc 2-1\nd 2-1\n')
  await node.ok(['journalctl', '--sync'])
  assert.match(
    await node.ok(['journalctl', '-b', '-u', UNIT, '-p', '5', '-o', 'cat']),
    /^upgrade interrupted: the host went down before 4 packages/m,
  )
})

labTest('a cache host downloads, and two nodes upgrade from it at once', async () => {
  const shared = makeTree({ sync: { directory: true }, pkg: { directory: true } })
  const binds = [`${shared}/sync:${SYNC}`, `${shared}/pkg:${CACHE}`]
  await using host = await bootNode({ binds })
  await using other = await bootNode({ binds })
  await install(host, plain('a', '1'), plain('b', '1'))
  await other.ok(['pacman', '-S', '--noconfirm', 'a', 'b'])
  await Promise.all([installJobs(host), installJobs(other)])

  // The first time hosts are told which databases belong together.
  await host.shell(JOB)
  assert.equal((await readRun(host, 'download')).outcome, 'completed')
  await host.shell(JOB)
  assert.equal((await readRun(host, 'download')).outcome, 'nothing-to-do')
  await offer(host, plain('a', '2'), plain('b', '2'))
  await host.shell(JOB)
  assert.equal((await readRun(host, 'download')).outcome, 'completed')
  for (const run of await Promise.all([upgrade(host), upgrade(other)])) {
    assert.deepEqual([run.outcome, run.packages, run.problems], ['completed', 2, []])
  }
  assert.equal(await other.ok(['pacman', '-Q', 'a', 'b']), 'a 2-1\nb 2-1\n')

  // The other node may not fetch for itself, and the cache host is told when it cannot.
  await offer(host, plain('a', '3'))
  await host.shell(`${JOB}; rm ${CACHE}/a-3*`)
  assert.match((await upgrade(other)).reason, /not in the cache.*: a 3-1\. To do: /)
  await host.ok(['mv', '/srv/lab', '/srv/gone'])
  assert.equal((await host.run(['sh', '-c', JOB])).exitCode, 1)
  const failed = await readRun(host, 'download')
  assert.equal(failed.outcome, 'failed')
  assert.match(failed.reason, /failed/)
})
