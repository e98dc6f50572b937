/** The sentinel on a real node: real packages, a real pacman, real services. */
import assert from 'node:assert/strict'
import { bootNode, install, labTest, offer, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, hoard, kernel, plain, slow, tool } from '../lab/recipes.ts'
import { seedScript } from '../fixture/seed-script.ts'
import { type JudgedFact, readJudged } from '../fixture/envelope.ts'

async function check(node: LabNode, ...args: string[]) {
  const argv = ['/usr/bin/kured-sentinel', '--json', ...args]
  const { exitCode, stdout } = await node.asKured(argv)
  const { reasons, ignored } = readJudged(stdout)
  return { exitCode, reasons, ignored }
}

const named = (findings: JudgedFact[]) =>
  findings.map(({ unit, kind, path }) => `${unit} ${kind} ${path}`).toSorted()

/** A root of its own, as a container has it, with the program and the libraries that are there now. */
const MAKE_BOX = `mkdir -p /srv/box/usr/bin /srv/box/usr/lib /srv/box/proc /srv/box/dev
ln -s usr/lib /srv/box/lib; ln -s usr/lib /srv/box/lib64
cp /usr/bin/greeter /srv/box/usr/bin; cp /usr/lib/libgreet.so /srv/box/usr/lib
cp -L /lib64/ld-linux-*.so.* /lib/*-linux-gnu/libc.so.6 /srv/box/usr/lib`
const RUN_IN_POD = `systemd-run --quiet --slice=kubepods-burstable.slice --unit=cri-containerd-3f1c0b9d2e7a.scope \\
  --scope sh -c '/usr/bin/greeter & echo $! > /run/pod.pid' >/dev/null 2>&1`

/** Like fail2ban: what its service runs, no memory map shows. [needrestart#258] */
const watcher = (version: string) =>
  plain('watcher', version, { files: { '/usr/lib/python3.13/site-packages/watcher.py': version } })

labTest('pacman -Syu: who runs replaced code, and who only seems to', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), tool('1.0'), greeter, hoard, watcher('1.0'))
  assert.equal((await check(node)).exitCode, 1)
  await node.shell(MAKE_BOX)
  await node.ok(['systemctl', 'start', 'plain', 'private', 'tool', 'hoard', 'boxed', 'template@a'])
  await node.shell(RUN_IN_POD)
  const before = await check(node)
  assert.equal(before.exitCode, 1, JSON.stringify(before))

  await upgradeTo(node, greet('2.0'), tool('2.0'), watcher('2.0'))
  await node.shell(
    'cp /usr/lib/libgreet.so /srv/box/usr/lib/new; mv /srv/box/usr/lib/new /srv/box/usr/lib/libgreet.so',
  )
  const { exitCode, reasons, ignored } = await check(node)
  assert.equal(exitCode, 0)
  assert.deepEqual(named(reasons), [
    'plain.service library /usr/lib/libgreet.so',
    'private.service library /usr/lib/libgreet.so',
    'template@a.service library /usr/lib/libgreet.so',
    'tool.service executable /usr/bin/tool',
  ])
  const why = (text: string) => named(ignored.filter((finding) => finding.why?.includes(text)))
  assert.ok(!JSON.stringify(ignored).includes('cri-containerd'), 'nor is a container’s process')
  assert.deepEqual(why('process’s own'), ['boxed.service library /usr/lib/libgreet.so'])
  assert.ok(!JSON.stringify(ignored).includes('hoard'), 'memory and data are nothing to look at')

  assert.match(
    await node.ok(['/usr/bin/kured-sentinel', 'status']),
    /^not seen +whether older scripts still run, of watcher$/m,
  )

  const line = await node.asKured(['/usr/bin/kured-sentinel'])
  assert.match(line.stdout, /^reboot required: [^\n]+ runs a replaced [^\n]+\n$/)

  // On every process in the host's own mount namespace the real lsof says the same.
  const lsof = await check(node, '--scanner', 'lsof')
  const own = await node.shell('readlink /proc/1/ns/mnt')
  const shared = []
  for (const finding of reasons) {
    if ((await node.shell(`readlink /proc/${finding.pid}/ns/mnt`)) === own) shared.push(finding)
  }
  assert.equal(shared.length, 3)
  assert.deepEqual(named(lsof.reasons), named(shared))

  await node.ok(['systemctl', 'restart', 'plain', 'private', 'tool', 'template@a'])
  assert.equal((await check(node)).exitCode, 1)
})

labTest('what is not root’s alone is no package’s file, whatever its name', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter)
  for (const [index, change] of ['chown builder', 'chmod g+w', 'chmod o+w', ':'].entries()) {
    await node.ok(['systemctl', 'restart', 'plain'])
    await node.shell(`${change} /usr/lib/libgreet.so`)
    await upgradeTo(node, greet(`${index + 2}.0`))
    const { exitCode, ignored } = await check(node)
    const whys = ignored.filter(({ unit }) => unit === 'plain.service').map(({ why }) => why)
    const why = 'the file is not root’s alone, as a packaged one is'
    assert.deepEqual([exitCode, whys], change === ':' ? [0, []] : [1, [why]], change)
  }
})

labTest(
  'the sandboxed service: the default sees it, the seed’s script and lsof do not',
  async () => {
    await using node = await bootNode()
    await install(node, greet('1.0'), greeter)
    await node.writeFile('/usr/bin/seed-script', seedScript, 0o755)
    // The script's kernel test is not what is compared here.
    await node.shell('mkdir -p "/lib/modules/$(uname -r)"; systemctl start private')
    await upgradeTo(node, greet('2.0'))
    const codes = []
    for (const command of ['seed-script', 'kured-sentinel --scanner lsof', 'kured-sentinel']) {
      codes.push((await node.asKured(['sh', '-c', command])).exitCode)
    }
    assert.deepEqual(codes, [1, 1, 0])
    await node.ok(['systemctl', 'stop', 'private'])
    await node.ok(['systemctl', 'start', 'plain'])
    await upgradeTo(node, greet('3.0'))
    assert.equal(
      (await node.asKured(['seed-script'])).exitCode,
      0,
      'the script does see a plain one',
    )
  },
)

labTest('pacman’s lock: in mid-transaction, and left behind', async () => {
  await using node = await bootNode()
  await install(node, kernel('linux', '9.9.9', '9.9.9-lab'))
  assert.equal((await check(node)).exitCode, 0, 'something is due')
  await offer(node, slow)
  await node.ok(['pacman', '-Sy'])
  await node.ok(['systemd-run', '--unit=upgrade', 'pacman', '-S', '--noconfirm', 'slow'])
  await node.shell('until pgrep -x sleep && [ -e /var/lib/pacman/db.lck ]; do sleep 0.1; done')
  const busy = await check(node)
  assert.equal(busy.exitCode, 1)
  assert.match(
    busy.reasons[0]?.message ?? '',
    /pacman is at work: PID \d+ holds \/var\/lib\/pacman\/db\.lck/,
  )

  await node.ok(['systemctl', 'kill', '--signal=KILL', 'upgrade'])
  await node.shell('while pgrep -x pacman; do sleep 0.1; done')
  assert.equal((await check(node)).exitCode, 1, 'left behind a moment ago: not stale yet')
  await node.ok(['touch', '--date=2 hours ago', '/var/lib/pacman/db.lck'])
  const stale = await check(node)
  assert.equal(stale.exitCode, 2)
  assert.match(stale.reasons[0]?.message ?? '', /stale lock/)
  await node.ok(['rm', '/var/lib/pacman/db.lck'])
  assert.equal((await check(node)).exitCode, 2, 'its package is not whole')
  await node.ok(['kured-sentinel', 'repair', '--done'])
  assert.equal((await check(node)).exitCode, 0)
})

labTest('the kernel: installed, replaced, none', async () => {
  await using node = await bootNode()
  const running = (await node.ok(['uname', '-r'])).trim()
  await install(node, greet('1.0'))
  assert.equal((await check(node)).exitCode, 1, 'no kernel package')
  const modules = `/usr/lib/modules/${running}`
  await node.shell(`mkdir -p ${modules}; touch ${modules}/modules.order`)
  await install(node, kernel('linux-other', '9.9.8', '9.9.8-other'))
  assert.equal((await check(node)).exitCode, 1, 'a kernel of one’s own beside a package’s')
  await node.shell(`pacman -R --noconfirm linux-other; rm -r ${modules}`)
  await install(node, kernel('linux-lab', '1.0', running))
  const current = await check(node)
  assert.match(current.ignored[0]?.message ?? '', /linux-lab owns the running kernel/)
  assert.equal(current.exitCode, 1)
  await upgradeTo(node, kernel('linux-lab', '2.0', '9.9.9-lab'))
  const replaced = await node.asKured(['/usr/bin/kured-sentinel'])
  assert.deepEqual(
    [replaced.exitCode, replaced.stdout],
    [0, `reboot required: kernel ${running} is running, linux-lab 9.9.9-lab is installed\n`],
  )

  const other = kernel('linux-other', '9.9.9', '9.9.9-other')
  const lines = ["replaces=('linux-lab')", "conflicts=('linux-lab')"]
  await install(node, kernel('linux-lab', '3.0', running))
  // DKMS leaves its modules behind.
  await node.shell(`mkdir -p ${modules}/updates; touch ${modules}/updates/zfs.ko`)
  await upgradeTo(node, { ...other, lines })
  await node.shell(`test -e ${modules}/updates/zfs.ko`)
  const leftBehind = await check(node)
  assert.deepEqual(
    [leftBehind.exitCode, leftBehind.reasons.map(({ message }) => message)],
    [0, [`kernel ${running} is running, linux-other 9.9.9-other is installed`]],
  )
  // kernel-modules-hook copies all of it back.
  await node.shell(`touch ${modules}/modules.order`)
  assert.equal((await check(node)).exitCode, 0)
})

labTest('processes that vanish in mid-scan, and a thousand that stay', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter)
  await node.ok(['systemctl', 'start', 'plain'])
  await upgradeTo(node, greet('2.0'))
  // Short-lived processes all the time: PIDs that are listed and gone when they are read.
  await node.ok([
    'systemd-run',
    '--unit=churn',
    'sh',
    '-c',
    'while :; do /usr/bin/true & /usr/bin/true; done',
  ])
  for (let i = 0; i < 20; i++) {
    const { exitCode, reasons } = await check(node)
    assert.deepEqual(
      [exitCode, named(reasons)],
      [0, ['plain.service library /usr/lib/libgreet.so']],
    )
  }
  await node.ok(['systemctl', 'stop', 'churn'])
  await node.ok([
    'systemd-run',
    '--unit=crowd',
    '--property=TasksMax=infinity',
    'sh',
    '-c',
    'i=0; while [ $i -lt 1000 ]; do sleep 1000 & i=$((i+1)); done; wait',
  ])
  await node.shell('until [ $(pgrep -xc sleep) -ge 1000 ]; do sleep 0.2; done')
  const { exitCode, reasons } = await check(node)
  assert.deepEqual([exitCode, reasons.length], [0, 1])
})
