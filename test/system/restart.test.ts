/** `kured-sentinel restart` on a real node: real packages, a real pacman, services of every kind. */
import assert from 'node:assert/strict'
import { renderRestart } from '../../src/commands/restart.ts'
import { assertPrinted, consoleBlock } from '../fixture/console.ts'
import { bootNode, install, labTest, upgradeTo } from '../lab/lab.ts'
import { greet, greeter, kinds } from '../lab/recipes.ts'
import { changedSince, restart, snapshot, units } from '../lab/restart-report.ts'

const STARTED = `plain private template@a delegated base needs part client under kubelet breaks dies
  loops refusing oneshot containerd shims deaf stopping innocent
  withers`.split(/\s+/)

/** A process of a pod, one of a login session, and one that a user calls by a host service's name. */
const OTHERS = `systemd-run --quiet --slice=kubepods-burstable.slice --unit=cri-containerd-3f1c0b9d2e7a.scope \\
  --scope sh -c 'greeter & echo $! > /run/pod.pid' > /dev/null 2>&1
cd /sys/fs/cgroup/user.slice
greeter > /dev/null 2>&1 & session=user-1000.slice/session-7.scope
mkdir -p $session; echo $! > $session/cgroup.procs
greeter > /dev/null 2>&1 & own=user-1000.slice/user@1000.service/app.slice/innocent.service
mkdir -p $own; echo $! > $own/cgroup.procs
systemctl start link.socket
bash -c 'exec 3<>/dev/tcp/127.0.0.1/7777; sleep 1000' > /dev/null 2>&1 &
until systemctl --no-legend list-units 'link@*' | grep running; do sleep 0.1; done`

const service = (name: string) => `${name}.service`

labTest('restart: who is restarted, who is not and why, and nobody else', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter, kinds)
  await node.ok(['systemctl', 'start', ...STARTED])
  await node.shell(OTHERS)
  assert.match((await node.run(['kured-sentinel', 'restart'])).stdout, /^nothing to restart: /)
  await upgradeTo(node, greet('2.0'))
  await node.writeFile('/etc/kured-sentinel.conf', '[restart]\nunit-timeout = 3s\n')
  await node.shell('touch /run/broken; systemctl stop --no-block stopping')
  const before = await snapshot(node)

  const back = 'base client delegated needs part plain private shims template@a'
  const restarted = back.split(' ').map(service)
  const failed = ['breaks', 'deaf', 'dies', 'loops', 'withers'].map(service)
  const planned = await restart(node, '--dry-run')
  assert.equal(planned.exitCode, 0)
  assert.deepEqual(units(planned.restarted), [...restarted, ...failed].toSorted())
  await node.writeFile('/run/never.conf', '[restart]\nnever = bas?.service\nallow = base.service\n')
  const never = await restart(node, '--dry-run', '--config', '/run/never.conf')
  const base = never.refused.find(({ unit }) => unit === 'base.service')
  assert.equal(base?.why, 'never = bas?.service')
  assert.ok(units(never.restarted).includes('needs.service'), 'by itself')
  const shown = await node.ok(['kured-sentinel', 'status'])
  for (const [unit, remedy] of [
    ['plain', 'kured-sentinel restart'],
    ['needs', 'kured-sentinel restart'],
    ['containerd', 'only a reboot'],
    ['stopping', 'its end, or a reboot'],
  ]) {
    const row = `^  ${unit}\\.service +libgreet\\.so \\(greeter\\[\\d+\\]\\) +${remedy}$`
    assert.match(shown, new RegExp(row, 'm'))
  }
  assert.match(shown, /^ {2}session-7\.scope .* a logout, or a reboot$/m)
  const asUser = ['setpriv', '--reuid=builder', '--regid=builder', '--clear-groups']
  const unseen = await node.run([...asUser, 'kured-sentinel', 'restart', '--dry-run'])
  assert.equal(unseen.exitCode, 2)
  assert.match(unseen.stdout, /^could not be seen:\n.*Permission denied \(run as root\)\n/)
  const refused = await node.run([...asUser, 'kured-sentinel', 'restart'])
  assert.deepEqual([refused.exitCode, refused.stdout], [2, ''])
  assert.match(refused.stderr, /a restart of services needs root: run it with sudo/)
  assert.deepEqual(await changedSince(node, before), [], 'none of these changes anything')

  const done = await restart(node)
  assert.equal(done.exitCode, 2, 'not every unit came back')
  const [step] = consoleBlock('docs/restarts.md', '# kured-sentinel restart; echo $?')
  assertPrinted(step, `${renderRestart(JSON.parse(done.json).details)}${done.exitCode}\n`)
  assert.deepEqual(await changedSince(node, before), [...restarted, ...failed].toSorted())
  assert.deepEqual(units(done.restarted), restarted)
  const order = done.restarted.map(({ unit }) => unit)
  assert.ok(order.indexOf('plain.service') < order.indexOf('client.service'), 'as After= has it')
  const along = done.restarted.filter((told) => told.with !== undefined)
  assert.deepEqual(units(along), ['needs.service', 'part.service'])
  const starts = await node.shell(
    'journalctl --unit=needs --unit=part --output=cat | grep ^Started',
  )
  assert.equal(starts.trim().split('\n').length, 4, 'each was restarted once')

  assert.deepEqual(units(done.failed), failed)
  const failure = (name: string) => done.failed.find(({ unit }) => unit === service(name))
  const [breaks, deaf, dies] = [failure('breaks'), failure('deaf'), failure('dies')]
  assert.match(breaks?.why ?? '', /control process exited with error code/)
  assert.deepEqual([deaf?.why, deaf?.activeState], ['not done after 3 s', 'deactivating'])
  const state = [dies?.activeState, dies?.result, dies?.execMainStatus]
  assert.deepEqual(state, ['failed', 'exit-code', '3'])
  assert.equal(failure('withers')?.result, 'success', 'it came up, and ended soon after')
  assert.equal((await node.run(['pgrep', 'systemctl'])).stdout, '', 'no systemctl waits still')

  const why = Object.fromEntries(
    // An instance for a connection is named by its addresses.
    done.refused.map((told) => [told.unit?.replace(/@.*\./, '@.'), told.why]),
  )
  assert.deepEqual(why, {
    'containerd.service':
      'containers and virtual machines would stop, or keep running its old code',
    'innocent.service': "a user's own manager, or a unit of it",
    'link@.service': 'it serves one connection, which would be cut',
    'oneshot.service': 'a oneshot: its job would run again',
    'refusing.service': 'RefuseManualStop= or RefuseManualStart= is set',
    'session-7.scope': 'a login session',
    'stopping.service': 'it is being stopped',
    'under.service':
      'kubelet.service would be restarted with it: a restart would start another version of Kubernetes, without a drain',
  })
  const left = [...units(done.refused), 'deaf.service', 'shims.service']
  assert.deepEqual(units(done.stillStale), left.toSorted(), 'and the pod’s is none of the host’s')
  assert.deepEqual([done.gone, done.unseen], [[], []])

  await node.shell(
    'rm /run/broken; systemctl kill --signal=KILL deaf stopping; systemctl start deaf',
  )
  const allow = ['containerd', 'kubelet', 'oneshot', 'refusing', 'innocent'].map(
    (name) => `allow = ${name}.service\n`,
  )
  const conf = `[restart]\n${allow.join('')}allow = *.scope\n`
  await node.writeFile('/etc/kured-sentinel.conf', conf)
  await node.shell('systemctl stop loops')
  const between = await snapshot(node)
  const { exitCode, stdout } = await node.run(['kured-sentinel', 'restart'])
  assert.equal(exitCode, 0, 'what is left is the sentinel’s to judge')
  const allowed = ['containerd', 'kubelet', 'oneshot', 'under'].map(service)
  assert.deepEqual(await changedSince(node, between), allowed)
  assert.match(stdout, /^ {2}kubelet\.service, along with under\.service, which it depends on$/m)
  assert.match(stdout, /^ {2}shims\.service \(greeter\[\d+\]\): KillMode=process: /m)
  assert.match(stdout, /\(innocent\.service\) until its user logs out, or a reboot$/m)
  assert.match(stdout, /\(refusing\.service\) until a reboot$/m)
})
