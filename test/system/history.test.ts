/** Real upgrades, reboots and power cuts, in the history, the journal, the metrics and the alerts. */
import assert from 'node:assert/strict'
import type { HistoryKind } from '../../src/history/fields.ts'
import { KINDS } from '../../src/history/kinds.ts'
import { consoleBlock, followConsole } from '../fixture/console.ts'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, kernel, plain } from '../lab/recipes.ts'
import { installJobs, upgrade } from '../lab/upgrade-job.ts'
import { assertFiring } from '../monitoring/promtool.ts'

const CHECK = ['/usr/bin/kured-sentinel']

async function history(node: LabNode): Promise<any[]> {
  return JSON.parse(await node.ok(['kured-sentinel', 'history', '--json'])).details.events
}

const kinds = (events: { kind: HistoryKind }[]) => events.map(({ kind }) => kind)

const metrics = (node: LabNode) => node.ok(['kured-sentinel', 'metrics'])

/** The counters that are not 0, without their prefix. */
const counted = (text: string) =>
  [...text.matchAll(/^kured_sentinel_(\w+_total.* [1-9]\d*)$/gm)].map(([, counter]) => counter)

const REQUEST = ['kured-sentinel', 'request', '--reason', 'a new disk']

/** By hand it is asked first; a request is one drained reboot, which a hold or its end calls off. */
async function requestReboot(node: LabNode): Promise<void> {
  const refused = await node.run([...CHECK, 'reboot'])
  assert.deepEqual([refused.exitCode, refused.stdout], [2, ''])
  assert.match(refused.stderr, /^error: no reboot: nothing asks for a reboot, .* --yes\n$/)
  const atTerminal = `echo n | script --quiet --return --command '${CHECK.join()} reboot' /dev/null`
  const declined = await node.run(['/bin/sh', '-c', atTerminal])
  assert.equal(declined.exitCode, 1, declined.stdout)
  assert.match(declined.stdout, /drains nothing.*\r?\n.*Reboot this host now\? \[y\/N\]/s)
  const dry = await node.run([...CHECK, 'reboot', '--dry-run'])
  assert.deepEqual([dry.exitCode, dry.stdout], [0, 'would reboot now\n'])
  assert.match(dry.stderr, /^would ask first: nothing asks for a reboot/)

  const gate = async () => {
    const { exitCode, stderr } = await node.asKured([...CHECK, 'reboot'])
    return [exitCode, stderr] as const
  }
  assert.equal((await node.asKured(CHECK)).exitCode, 1)
  await node.ok(REQUEST)
  const due = await node.asKured(CHECK)
  assert.deepEqual(
    [due.exitCode, due.stdout],
    [0, 'reboot required: requested by root: a new disk\n'],
  )
  await node.ok(['kured-sentinel', 'request', '--cancel'])
  assert.deepEqual(await gate(), [1, 'no reboot: its request was cancelled\n'])
  assert.equal((await node.asKured(CHECK)).exitCode, 1)
  await node.ok(REQUEST)
  assert.equal((await node.asKured(CHECK)).exitCode, 0)
  assert.equal((await gate())[0], 0)
  assert.equal(await node.waitForEnd(), 'reboot')
  await node.boot()
  for (let minute = 0; minute < 2; minute++) assert.equal((await node.asKured(CHECK)).exitCode, 1)
  assert.equal(await node.ok(['kured-sentinel', 'request']), 'no request\n')
}

/** An upgrade that is killed in its middle, and the next one, which repairs what that left. */
async function cutAndRepair(node: LabNode): Promise<void> {
  const unit = 'pacman-upgrade.service'
  await install(node, plain('m', '1'))
  const waits = 'post_upgrade() { until [ -e /run/go ]; do sleep 0.05; done; }'
  await offer(node, plain('m', '2', { install: waits }))
  await node.ok(['pacman', '-Sy'])
  await node.ok(['systemctl', 'start', '--no-block', unit])
  await node.shell(`until grep -q 'upgraded m' /var/log/pacman.log; do sleep 0.05; done`)
  await node.ok(['systemctl', 'kill', '--kill-whom=main', '--signal=KILL', unit])
  await node.shell(`until systemctl is-failed ${unit}; do sleep 0.05; done`)
  assert.equal((await node.asKured(CHECK)).exitCode, 2)
  assertFiring(await metrics(node), ['KuredSentinelAttention', 'KuredSentinelUpgradeFailing'])
  await node.shell('touch /run/go')
  await upgrade(node)
  assert.equal((await node.asKured(CHECK)).exitCode, 1)
  assertFiring(await metrics(node), [])
}

labTest('an upgrade, a reboot that does not help, a power cut: one story, told alike', async () => {
  await using node = await bootNode()
  await node.shell('mkdir -p /var/log/journal; systemctl restart systemd-journald')
  await installJobs(node, '--local --allow-download')
  await install(node, greet('1.0'), greeter)
  await node.ok(['systemctl', 'start', 'plain'])
  await offer(node, greet('2.0'))
  await node.ok(['pacman', '-Sy'])
  await upgrade(node)
  await node.ok(['kured-sentinel', 'restart'])
  await cutAndRepair(node)
  await requestReboot(node)
  await install(node, kernel('linux', '9.9.9', '9.9.9-lab'))
  for (let minute = 0; minute < 2; minute++) assert.equal((await node.asKured(CHECK)).exitCode, 0)

  const before = await history(node)
  assert.deepEqual(kinds(before), [
    'boot',
    'upgrade',
    'restart',
    'upgrade',
    'attention',
    'repair',
    'request',
    'reboot-asked',
    'request-cancelled',
    'gate',
    'request',
    'gate',
    'boot',
    'reboot-asked',
  ])
  const [, upgraded, restarted] = before
  const asked = before.at(-1)
  assert.deepEqual(upgraded.packages, ['upgraded libgreet (1.0-1 -> 2.0-1)'])
  assert.equal(upgraded.outcome, 'completed')
  assert.deepEqual([restarted.restarted, restarted.by], [['plain.service'], 'root'])
  assert.match(asked.reasons.join(), /linux 9\.9\.9-lab is installed/)
  assert.equal(asked.by, 'kured')

  assert.equal((await node.asKured([...CHECK, 'reboot'])).exitCode, 0)
  assert.equal(await node.waitForEnd(), 'reboot')
  await node.boot()
  for (let minute = 0; minute < 2; minute++) assert.equal((await node.asKured(CHECK)).exitCode, 2)
  const useless = await history(node)
  assert.deepEqual(kinds(useless.slice(14)), ['gate', 'boot', 'reboot-useless'])
  assert.deepEqual([useless[14].ending, useless[14].by], ['down', 'kured'])
  assert.deepEqual([useless[15].how, useless[15].helped], ['planned', 'no'])
  assert.deepEqual(useless[15].causes, asked.reasons)
  const troubles = ['KuredSentinelAttention', 'KuredSentinelBlockUselessReboot']
  assertFiring(await metrics(node), troubles)

  await node.powerCut()
  await node.boot()
  await node.ok(['kured-sentinel', 'hold', '--for', '1h', '--reason', 'a disk'])
  await node.ok(['systemctl', 'reboot'])
  assert.equal(await node.waitForEnd(), 'reboot')
  await node.boot()
  await node.ok(['kured-sentinel', 'release'])
  await followConsole(
    consoleBlock('docs/monitoring.md', '# kured-sentinel history -n 8'),
    async (script) => (await node.run(['/bin/sh', '-c', script])).stdout,
  )
  // A journal that does not answer delays nothing, and fails nothing.
  await node.ok(['systemctl', 'kill', '--signal=STOP', 'systemd-journald'])
  await node.ok(['kured-sentinel', 'hold', '--for', '1h', '--reason', 'more'], {
    timeoutMs: 10_000,
  })
  await node.ok(['systemctl', 'kill', '--signal=CONT', 'systemd-journald'])
  const last = (await history(node)).slice(17)
  assert.deepEqual(kinds(last), ['boot', 'hold', 'boot', 'release', 'hold'])
  assert.deepEqual([last[0].how, last[2].how], ['power-cut', 'unplanned'])

  // So have the metrics, and a hold is no reason for an alert.
  const told = await metrics(node)
  assert.deepEqual(counted(told), [
    'upgrades_total{outcome="completed"} 1',
    'upgrades_total{outcome="interrupted"} 1',
    'repairs_total{outcome="repaired"} 1',
    'unit_restarts_total{outcome="restarted"} 1',
    'reboot_requests_total 2',
    'useless_reboots_total 1',
    'reboot_gates_total{ending="down"} 2',
    'reboot_gates_total{ending="not-now"} 1',
    'boots_total{how="planned"} 2',
    'boots_total{how="unplanned"} 1',
    'boots_total{how="power-cut"} 1',
    'boots_total{how="unknown"} 1',
  ])
  assertFiring(told, ['KuredSentinelBlockUselessReboot'])

  // The journal has the same, by its own fields.
  const all = await history(node)
  for (const kind of new Set(kinds(all))) {
    const { messageId } = KINDS[kind]
    const json = await node.ok(['journalctl', '--output=json', `MESSAGE_ID=${messageId}`])
    const entries = json
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.equal(entries.length, all.filter((event) => event.kind === kind).length, kind)
    assert.equal(entries[0].SYSLOG_IDENTIFIER, 'kured-sentinel-history')
    assert.equal(entries[0].KURED_SENTINEL_KIND, kind)
  }
  const shutdown = await node.ok(['journalctl', '--output=cat', '-u', 'systemd-logind'])
  assert.match(shutdown, /kured-sentinel: kernel .* is running, linux 9\.9\.9-lab is installed/)
})
