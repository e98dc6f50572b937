/** The lab itself: what the other system tests rely on. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { bootNode, install, labTest, upgradeTo } from '../lab/lab.ts'

labTest('a node boots a systemd of its own, and Kured sees it from outside', async () => {
  await using node = await bootNode({ tmpfs: ['/var/lib/pacman/sync'] })
  const state = await node.run(['systemctl', 'is-system-running'])
  assert.equal(state.stdout, 'running\n')
  const bus = await node.shell('cat /proc/$(systemctl show --value -p MainPID dbus)/cgroup')
  assert.match(bus, /^0::\/system\.slice\/dbus\.service$/m)
  assert.match(await node.readFile('/proc/mounts'), /^tmpfs \/var\/lib\/pacman\/sync /m)

  const script = 'readlink /proc/1/exe /proc/self/ns/net; cat /proc/1/cgroup; env; pwd'
  const kured = await node.asKured(['sh', '-c', script])
  const lines = kured.stdout.split('\n')
  assert.equal(lines[0], '/usr/lib/systemd/systemd')
  assert.equal(lines[1], readlinkSync('/proc/self/ns/net'))
  assert.ok(lines.includes('0::/../../../init.scope'), kured.stdout)
  assert.ok(lines.includes('KURED_NODE_ID=lab') && !kured.stdout.includes('HOME='), kured.stdout)
  assert.notEqual(await node.ok(['readlink', '/proc/self/ns/net']), `${lines[1]}\n`)
})

labTest('a command that hangs ends with its time, and what it started too', async () => {
  await using node = await bootNode()
  const hung = await node.asKured(['sh', '-c', 'sleep 4321 & sleep 4321'], { timeoutMs: 300 })
  assert.deepEqual([hung.exitCode, hung.timedOut], [undefined, true])
  assert.equal((await node.run(['pgrep', '-f', 'sleep 4321'])).exitCode, 1)
  await assert.rejects(node.ok(['sh', '-c', 'echo why >&2; exit 3']), /exit 3\nwhy/)
})

labTest('pacman -Syu upgrades a package, and a service keeps the deleted library', async () => {
  await using node = await bootNode()
  await install(node, counter('1.0'))
  await node.ok(['systemctl', 'start', 'counter.service'])
  const pid = await node.shell('systemctl show --value -p MainPID counter.service')
  const maps = `/proc/${pid.trim()}/maps`
  assert.match(await node.readFile(maps), /r-xp .* \/usr\/lib\/libcounter\.so$/m)

  await upgradeTo(node, counter('2.0'))
  assert.equal(await node.ok(['pacman', '-Q', 'counter']), 'counter 2.0-1\n')
  assert.match(await node.readFile(maps), /r-xp .* \/usr\/lib\/libcounter\.so \(deleted\)$/m)
})

labTest('a node keeps its files over a reboot and a power cut, and leaves nothing', async () => {
  const node = await bootNode()
  await node.writeFile('/etc/lab/kept', 'kept\n', 0o600)
  await node.run(['systemctl', 'reboot'])
  assert.equal(await node.waitForEnd(), 'reboot')
  await node.boot()
  await node.powerCut()
  await node.boot()
  assert.equal(await node.shell('stat -c %a /etc/lab/kept; cat /etc/lab/kept'), '600\nkept\n')

  const { leader, root } = node
  await node.powerOff()
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(root))
  assert.ok(!existsSync(root) && !existsSync(`/proc/${leader}`))
})

/** A library, and a service that has it mapped; each version's code differs. */
function counter(version: string) {
  return {
    name: 'counter',
    version,
    sources: {
      'library.c': `int step(void) { return ${version.charAt(0)}; }\n`,
      'counter.c':
        '#include <unistd.h>\nint step(void);\nint main(void) { for (;;) sleep(step()); }\n',
    },
    files: {
      '/usr/lib/systemd/system/counter.service': '[Service]\nExecStart=/usr/bin/counter\n',
    },
    build: 'gcc -shared -fPIC -o libcounter.so library.c && gcc -o counter counter.c -L. -lcounter',
    package: `install -D -t "$pkgdir/usr/lib" libcounter.so
install -D -t "$pkgdir/usr/bin" counter`,
  }
}
