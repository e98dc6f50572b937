/** When and from where `kured-sentinel restart` runs: a unit, a hook of pacman's, a race, a shutdown. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootNode, install, labTest, offer, upgradeTo } from '../lab/lab.ts'
import { greet, greeter, kinds, slow } from '../lab/recipes.ts'
import { changedSince, parseReport, restart, snapshot, units } from '../lab/restart-report.ts'

const HOOK = '99-kured-sentinel-restart.hook'
const checkout = join(import.meta.dirname, '../..')

/** Replaces a library by an identical file, as pacman does with another. */
const REPLACE = `lib=$(grep -o '/usr/lib/.*/libseccomp.*' /proc/1/maps | head -n 1)
echo "\${lib#/}" | /usr/lib/kured-sentinel/bin/note-replaced
cp -a $lib $lib.new; mv $lib.new $lib`

/** A unit that runs old code itself, and waits for its turn. */
const SELF = `greeter & touch /run/ready; until [ -e /run/go ]; do sleep 0.1; done
kured-sentinel restart --json > /run/report.new; mv /run/report.new /run/report`

labTest('restart, from a unit: PID 1 is executed anew, the unit itself is left alone', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter)
  await node.ok(['systemctl', 'start', 'plain'])
  await node.ok(['systemd-run', '--unit=self', 'sh', '-euc', SELF])
  await node.shell('until [ -e /run/ready ]; do sleep 0.1; done')
  await upgradeTo(node, greet('2.0'))
  await node.shell(REPLACE)
  const before = await snapshot(node)
  await node.writeFile('/run/never.conf', '[restart]\nnever = init.scope\n')
  const planned = await restart(node, '--dry-run', '--config', '/run/never.conf')
  assert.equal(planned.refused[0]?.why, 'never = init.scope')

  await node.shell('touch /run/go; until [ -e /run/report ]; do sleep 0.1; done')
  const done = parseReport(await node.readFile('/run/report'))
  const restarted = ['init.scope', 'plain.service', 'systemd-journald.service']
  assert.deepEqual(units(done.restarted), restarted)
  const refused = ['self.service', 'systemd-logind.service']
  assert.deepEqual(units(done.refused), refused)
  assert.equal(done.refused[0]?.why, 'this command runs in it')
  assert.deepEqual(units(done.stillStale), refused, 'PID 1 runs the new library')
  assert.deepEqual(
    await changedSince(node, before),
    [...restarted.slice(1), 'self.service'].toSorted(),
  )
  assert.match(await node.shell('systemctl --failed --no-legend; echo $?'), /^0$/m)
})

/** Does what pacman-upgrade.service does at its end. */
const UPGRADE = `[Service]
Type=oneshot
ExecStart=/usr/bin/pacman -Syu --noconfirm
ExecStartPost=/usr/bin/kured-sentinel restart --after-upgrade
`
/** Would wait for the end of the upgrade, and that for it. */
const WAITING = '[Unit]\nAfter=pacman-upgrade.service\n[Service]\nExecStart=/usr/bin/greeter\n'

labTest('restart, and pacman: at work, cut off, in its unit', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter, kinds)
  await node.writeFile('/etc/systemd/system/waiting.service', WAITING)
  await node.writeFile('/etc/systemd/system/pacman-upgrade.service', UPGRADE)
  await node.shell('systemctl daemon-reload; systemctl start plain breaks waiting')
  await offer(node, greet('2.0'))
  await node.shell('touch /run/broken; systemctl start pacman-upgrade')
  const log = await node.shell('journalctl --unit=pacman-upgrade --output=cat')
  assert.match(log, /^did not come back:\n {2}breaks\.service: Job for breaks\.service failed/m)
  assert.match(log, /^restarted:\n {2}plain\.service \(greeter\[\d+\]\)$/m)
  assert.match(log, /^ {2}waiting\.service .*: it starts only after pacman-upgrade\.service,/m)
  assert.match(log, /^still runs old code:\n.*\(waiting\.service\) until a reboot$/m)

  await offer(node, greet('3.0'), slow)
  await node.ok(['pacman', '-Sy', '--noconfirm', 'libgreet'])
  const before = await snapshot(node)
  await node.ok(['systemd-run', '--unit=install', 'pacman', '-S', '--noconfirm', 'slow'])
  await node.shell('until pgrep -x sleep; do sleep 0.1; done')
  const busy = await node.run(['kured-sentinel', 'restart'])
  assert.deepEqual([busy.exitCode, busy.stdout], [2, ''])
  assert.match(busy.stderr, /^error: nothing was restarted: pacman is at work: PID \d+ holds/)
  const other = await node.run(['kured-sentinel', 'restart', '--after-upgrade'])
  assert.deepEqual([other.exitCode, other.stdout], [0, ''])
  assert.match(other.stderr, /^warning: nothing was restarted: pacman is at work/)

  await node.shell(
    'systemctl kill --signal=KILL install; while pgrep -x pacman; do sleep 0.1; done',
  )
  await node.ok(['rm', '/var/lib/pacman/db.lck'])
  const cut = await node.run(['kured-sentinel', 'restart', '--after-upgrade'])
  assert.deepEqual([cut.exitCode, cut.stdout], [0, ''])
  assert.match(cut.stderr, /the last transaction in \/var\/log\/pacman\.log did not complete/)
  assert.deepEqual(await changedSince(node, before), ['install.service'])
  const done = await restart(node)
  assert.deepEqual(
    [done.exitCode, units(done.restarted)],
    [0, ['plain.service', 'waiting.service']],
  )
})

/** A service that cannot start before pacman has ended. */
const LOCKED = `[Service]
ExecStartPre=/bin/sh -c 'while [ -e /var/lib/pacman/db.lck ]; do sleep 0.1; done'
ExecStart=/usr/bin/greeter
`

labTest('restart, from a hook: under the lock, which nothing waits for for ever', async () => {
  await using node = await bootNode()
  const hook = readFileSync(join(checkout, 'hooks', HOOK), 'utf8')
  await install(node, greet('1.0'), greeter)
  await node.writeFile(`/usr/share/kured-sentinel/${HOOK}`, hook)
  await node.writeFile('/etc/systemd/system/locked.service', LOCKED)
  await node.writeFile('/etc/kured-sentinel.conf', '[restart]\nunit-timeout = 2s\n')
  await node.shell('systemctl daemon-reload; systemctl start plain locked')
  await offer(node, greet('2.0'))
  const inactive = await node.ok(['pacman', '-Syu', '--noconfirm'])
  assert.doesNotMatch(inactive, /restart/i)

  await node.shell(
    `mkdir -p /etc/pacman.d/hooks; ln -s /usr/share/kured-sentinel/${HOOK} /etc/pacman.d/hooks/`,
  )
  await offer(node, greet('3.0'))
  const before = await snapshot(node)
  const { exitCode, stdout, stderr } = await node.run(['pacman', '-Syu', '--noconfirm'])
  assert.equal(exitCode, 0, stderr)
  assert.match(stdout, /Restarting services that run replaced code\.\.\.\n/)
  assert.match(stdout, /^did not come back:\n {2}locked\.service: not done after 2 s \(activating/m)
  assert.match(stdout, /^restarted:\n {2}plain\.service \(greeter\[\d+\]\)$/m)
  await node.shell('until systemctl -q is-active locked; do sleep 0.1; done')
  assert.deepEqual(await changedSince(node, before), ['locked.service', 'plain.service'])
  const after = await node.run(['kured-sentinel', 'restart', '--dry-run'])
  assert.equal(after.stdout, 'nothing to restart: no process runs replaced code\n')
})

/**
 * In systemctl's place: on the call of a given number the stale process ends, and another one, of
 * another service, takes its PID.
 */
const SWAP = `#!/bin/sh
case " $* " in *" show "*)
  calls=$(($(cat /run/calls) - 1)); echo $calls > /run/calls
  if [ $calls = 0 ]; then
    pid=$(cat /run/stale.pid); kill -9 $pid; while [ -d /proc/$pid ]; do :; done
    until [ "$!" = $pid ]; do
      echo $((pid - 1)) > /run/proc/sys/kernel/ns_last_pid
      sleep 1000 < /dev/null > /dev/null 2>&1 &
      echo $! > /sys/fs/cgroup/system.slice/innocent.service/cgroup.procs
    done
  fi
esac
exec /usr/bin/systemctl.real "$@"
`

labTest('restart: a PID that is taken again between the scan and the restart', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter, kinds)
  await node.shell('mkdir /run/proc; mount -t proc proc /run/proc; systemctl start plain innocent')
  await upgradeTo(node, greet('2.0'))
  await node.shell('mv /usr/bin/systemctl /usr/bin/systemctl.real')
  await node.writeFile('/usr/bin/systemctl', SWAP, 0o755)
  for (const [call, version] of [
    ['1', '3.0'],
    ['2', '4.0'],
    ['9', '5.0'],
  ] as const) {
    const pid = (await node.shell('systemctl.real show --property=MainPID --value plain')).trim()
    const before = await snapshot(node)
    await node.shell(`echo ${pid} > /run/stale.pid; echo ${call} > /run/calls`)
    const done = await restart(node)
    const there = await node.readFile(`/proc/${pid}/cgroup`).catch(() => '')
    const changed = await changedSince(node, before)
    if (call === '9')
      assert.deepEqual(units(done.restarted), ['plain.service'], 'no swap: it can be')
    else {
      assert.match(there, /innocent\.service/, 'the PID was taken again')
      const gone = [{ pid: Number(pid), command: 'greeter', unit: 'plain.service' }]
      assert.deepEqual([done.exitCode, done.gone, done.restarted, done.refused], [0, gone, [], []])
    }
    assert.deepEqual(changed, ['plain.service'], 'it has ended; nothing else was touched')
    await node.shell('systemctl.real start plain')
    await upgradeTo(node, greet(version))
  }
})

labTest('restart: a host that is going down', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter, kinds)
  await node.ok(['systemctl', 'start', 'deaf', 'plain'])
  await upgradeTo(node, greet('2.0'))
  await node.ok(['systemctl', 'poweroff', '--no-block'])
  await node.shell('until [ "$(systemctl is-system-running)" = stopping ]; do sleep 0.1; done')
  const { exitCode, stdout, stderr } = await node.run(['kured-sentinel', 'restart'])
  assert.deepEqual([exitCode, stdout], [2, ''])
  assert.equal(stderr, 'error: nothing was restarted: the host is going down\n')
})
