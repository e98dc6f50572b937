/**
 * `kured-sentinel restart` and services of which reports say that a restart took something down:
 * the network, machines, databases, or the service itself.
 */
import assert from 'node:assert/strict'
import { bootNode, install, toolTest, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, impostors, postgresql } from '../lab/recipes.ts'
import { restart, snapshot, units } from '../lab/restart-report.ts'
import { run } from '../lab/run.ts'

const STARTED = `web quadlet node-agent tunnel uplink forgets hesitates io.podman limited docktail
  postgresql systemd-networkd oldname`.split(/\s+/)

/** networkd maps the library too, and manages one link. Its helper unit says nothing of it. */
const NETWORKD = `mkdir -p /etc/systemd/network /etc/systemd/system/systemd-networkd.service.d
printf '[Service]\nEnvironment=LD_PRELOAD=/usr/lib/libgreet.so\n' \
  > /etc/systemd/system/systemd-networkd.service.d/stale.conf
printf '[Match]\nName=up0\n[Network]\nAddress=10.1.0.1/24\nConfigureWithoutCarrier=yes\n' \
  > /etc/systemd/network/up0.network
systemctl mask --quiet systemd-networkd-persistent-storage.service
printf '[Service]\nExecStart=/usr/bin/greeter\n' > /run/systemd/system/oldname.service
[ -e /dev/net/tun ] || { mkdir -p /dev/net; touch /dev/net/tun; }
systemctl daemon-reload`

/** What a CNI makes, which systemd calls foreign: a rule for each pod, and a route to each node. */
const CNI = `ip rule add from 10.244.1.7 table 100; ip rule add fwmark 0x80 table 100
ip route add 10.244.2.0/24 dev up0; ip route add 10.244.3.0/24 dev up0 table 100`

async function ip(node: LabNode, script: string): Promise<string> {
  const argv = ['nsenter', '-t', `${node.leader}`, '-n', 'sh', '-euc', script]
  const ran = await run(argv, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
  assert.equal(ran.exitCode, 0, ran.stderr)
  return ran.stdout
}

/** How many rules and routes the node has. */
async function countRules(node: LabNode): Promise<number[]> {
  const lists = await ip(node, 'ip rule; echo; ip route show table all type unicast')
  return lists.split('\n\n').map((list) => list.trim().split('\n').length)
}

const service = (name: string) => `${name}.service`

toolTest(['systemd-nspawn', 'ip'], 'restart: what others’ reports say must not be', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter, impostors, postgresql('13.4'))
  await node.shell(NETWORKD)
  await ip(
    node,
    'ip link add up0 type veth peer name down0; ip link set up0 up; ip link set down0 up',
  )
  await node.ok(['systemctl', 'start', ...STARTED])
  // Two starts by hand: with the first and ours that is one more than its limit allows.
  await node.shell('systemctl restart limited; systemctl restart limited')
  await node.shell('rm /run/systemd/system/oldname.service; systemctl daemon-reload')
  await node.shell(
    'until ls /run/systemd/netif/links/* && networkctl status up0 | grep 10.1.0.1; do sleep 0.1; done',
  )
  await ip(node, CNI)
  const carried = await countRules(node)
  assert.ok(carried.every((count) => count > 2))

  await upgradeTo(node, greet('2.0'), postgresql('14.1'))
  const before = await snapshot(node)
  const planned = await restart(node, '--dry-run')
  await node.writeFile('/run/ignore.conf', '[sentinel]\nignore-unit = io.podman.service\n')
  const ignoring = await restart(node, '--dry-run', '--config', '/run/ignore.conf')
  const done = await restart(node)
  const [now, restarted] = [await snapshot(node), ['docktail', 'io.podman', 'limited'].map(service)]
  assert.deepEqual(await countRules(node), carried, 'the CNI’s rules and routes')
  for (const name of STARTED.map(service)) {
    assert.equal(now.get(name) === before.get(name), !restarted.includes(name), name)
  }
  const why = Object.fromEntries(done.refused.map((told) => [told.unit, told.why ?? '']))
  for (const [name, reason] of [
    ['web', /^containers and virtual machines .*qemu-system-x86_64, PID/],
    ['quadlet', /^containers and virtual machines .*conmon, PID/],
    ['node-agent', /^a restart would start another version of Kubernetes.*\/opt\/node\/kubelet/],
    ['tunnel', /^the network may go down with it \(\/dev\/net\/tun, PID/],
    ['uplink', /^the network may go down with it: it starts before the network/],
    ['systemd-networkd', /^the network may go down with it/],
    ['forgets', /^KillMode=none: /],
    ['hesitates', /^SendSIGKILL=no: /],
    ['oldname', /^oldname\.service has no file any more/],
    ['postgresql', /^postgresql 13\.4-1 became 14\.1-1, .* then systemctl restart postgresql/],
  ] as const) {
    assert.match(why[service(name)] ?? '', reason)
  }
  assert.deepEqual([done.failed, units(done.restarted)], [[], restarted])
  assert.deepEqual(units(planned.restarted), restarted)
  assert.deepEqual(units(ignoring.restarted), ['docktail', 'limited'].map(service))
  const notes = Object.fromEntries(done.restarted.map((told) => [told.unit, told.notes]))
  assert.deepEqual(notes['io.podman.service'], undefined)
  assert.deepEqual(notes['limited.service'], ['its start limit of 3 in 30min begins anew'])
  assert.match(notes['docktail.service']?.join() ?? '', /^\/run\/docktail is made anew, /)

  // What it would have done: so the counts can tell.
  await node.writeFile('/etc/kured-sentinel.conf', '[restart]\nallow = systemd-networkd.service\n')
  assert.deepEqual(units((await restart(node)).restarted), ['systemd-networkd.service'])
  assert.notDeepEqual(await countRules(node), carried)
})
