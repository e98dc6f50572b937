/** Upgrades that were cut or whose boot hooks failed: nothing ignores them, and what mends them. */
import assert from 'node:assert/strict'
import { consoleBlock, followConsole } from '../fixture/console.ts'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { kernel, plain } from '../lab/recipes.ts'
import { CACHE, installJobs, LOCK, preflight, readRun, upgrade } from '../lab/upgrade-job.ts'
import { readEnvelope } from '../fixture/envelope.ts'

const UNIT = 'pacman-upgrade.service'
const LOCAL = '/var/lib/pacman/local'
const HOOK = '/etc/pacman.d/hooks/90-image.hook'
const running = async (node: LabNode) => (await node.ok(['uname', '-r'])).trim()

/** Writes the boot image anew for each kernel, unless it is told to fail. */
const IMAGE_HOOK = `[Trigger]
Type = Path
Operation = Install
Operation = Upgrade
Target = usr/lib/modules/*/pkgbase

[Action]
Description = Updating images...
When = PostTransaction
Exec = /bin/sh -c 'test ! -e /run/fail && date >>/boot/made'
`

/** Stops every transaction. */
const NO_HOOK = `[Trigger]
Type = Package
Operation = Install
Operation = Upgrade
Target = *

[Action]
When = PreTransaction
Exec = /usr/bin/false
AbortOnFail
`

/** A package that waits in its scriptlet, as long as nobody lets it go. */
const slow = (name: string, version: string, more: Partial<PackageRecipe> = {}) =>
  plain(name, version, {
    install: 'post_upgrade() { until [ -e /run/go ]; do sleep 0.05; done; }',
    ...more,
  })
const config = (version: string) => ({
  lines: ["backup=('etc/m.conf')"],
  files: { '/usr/share/m': version, '/etc/m.conf': `${version}\n` },
})

/** A node on which an upgrade of a kernel and two packages is in the cache, and not yet installed. */
async function bootBefore(): Promise<LabNode> {
  const node = await bootNode()
  await installJobs(node, '--local')
  await node.writeFile(HOOK, IMAGE_HOOK)
  await install(
    node,
    plain('m', '1', config('1')),
    kernel('linux', '1', await running(node)),
    plain('z', '1'),
  )
  await node.writeFile('/etc/m.conf', 'edited\n')
  await offer(node, slow('m', '2', config('2')), kernel('linux', '2', '6.99.0-2'), plain('z', '2'))
  await node.ok(['pacman', '-Syuw', '--noconfirm'])
  return node
}

async function ask(node: LabNode) {
  const { exitCode, stdout, stderr } = await node.asKured(['kured-sentinel', 'check'])
  return `${exitCode} ${stdout}${stderr}`
}

/** doctor's problems, each with its advice. */
async function doctor(node: LabNode): Promise<string> {
  const { stdout } = await node.run(['kured-sentinel', 'doctor', '--json'])
  const { findings } = readEnvelope('doctor', stdout)
  return findings.map(({ message, advice }) => `${message} (${advice ?? ''})\n`).join('')
}

const gate = (node: LabNode) => node.run(['kured-sentinel', 'reboot', '--dry-run'])
const unfinished = (node: LabNode) =>
  node.shell('cat /var/lib/kured-sentinel/unfinished 2>/dev/null || true')
const versions = (node: LabNode) => node.ok(['pacman', '-Q', 'linux', 'm', 'z'])

labTest(
  'killed in the middle: no reboot, and the next night repairs it without a person',
  async () => {
    await using node = await bootBefore()
    await node.ok(['systemctl', 'start', '--no-block', UNIT])
    await node.shell(`until grep -q 'upgraded m' /var/log/pacman.log; do sleep 0.05; done`)
    assert.equal(await unfinished(node), 'linux\nm\nz\n', 'on the disk before anything changes')
    assert.match(await ask(node), /^1 .*pacman is at work/)
    await node.ok(['systemctl', 'kill', '--kill-whom=main', '--signal=KILL', UNIT])
    await node.shell(`until systemctl is-failed ${UNIT}; do sleep 0.05; done`)

    // The record has seen the end: nobody waits an hour for the lock.
    assert.equal((await readRun(node)).outcome, 'interrupted')
    assert.match(await doctor(node), /stale lock .*its pacman was killed \(kured-sentinel repair\)/)
    assert.match(await doctor(node), /the upgrade of linux, m, z did not end/)
    assert.match(await ask(node), /^2 .*To do: kured-sentinel repair/)
    const before = await versions(node)
    const json = await node.ok(['kured-sentinel', 'repair', '--dry-run', '--json'])
    assert.equal(readEnvelope('repair', json).verdict, 'planned')
    await followConsole(
      consoleBlock('docs/repair.md', '# kured-sentinel repair --dry-run'),
      async (script) => (await node.run(['/bin/sh', '-c', script])).stdout,
    )
    assert.deepEqual(
      [await versions(node), await node.run(['test', '-e', LOCK]).then((run) => run.exitCode)],
      [before, 0],
    )

    // A repair is an upgrade: what keeps one from beginning keeps it too; but no lock that was left.
    await node.writeFile('/etc/kured-sentinel.conf', '[upgrade]\nmin-free = 1000T\n')
    const full = await upgrade(node)
    assert.equal(full.outcome, 'skipped')
    assert.match(full.reason, /free/)
    assert.equal(await unfinished(node), 'linux\nm\nz\n')
    assert.equal(await versions(node), before)
    await node.shell('rm /etc/kured-sentinel.conf; touch /run/go')

    // Without the lock that hid it: a kernel is due.
    assert.match(
      await ask(node),
      /^2 .*the upgrade of linux, m, z did not end.*To do: kured-sentinel repair/,
    )
    const refused = await gate(node)
    assert.equal(refused.exitCode, 2)
    assert.match(refused.stderr, /the upgrade of linux, m, z did not end/)
    assert.match((await preflight(node, 'upgrade', '--local')).said, /did not end/)

    const night = await upgrade(node)
    assert.deepEqual(
      [night.outcome, night.lastEnd?.outcome, night.lastEnd?.repaired],
      ['nothing-to-do', 'interrupted', true],
    )
    assert.equal(await versions(node), 'linux 2-1\nm 2-1\nz 2-1\n')
    assert.equal(await unfinished(node), '')
    assert.equal(await node.readFile('/etc/m.conf'), 'edited\n')
    assert.equal(await node.readFile('/etc/m.conf.pacnew'), '2\n')
    assert.match(await node.readFile('/boot/made'), /./)
    assert.match(await ask(node), /^0 /)
    assert.equal((await gate(node)).exitCode, 0)
    assert.equal(await node.ok(['kured-sentinel', 'repair']), 'nothing to repair\n')
  },
)

labTest(
  'a boot hook that fails: lifted by its package, by a repair or by a word, not by any night',
  async () => {
    await using node = await bootBefore()
    await node.shell('touch /run/go /run/fail')
    const failed = await upgrade(node)
    assert.deepEqual([failed.outcome, failed.problems.length], ['completed', 1])
    assert.match((await node.run(['systemctl', 'is-failed', UNIT])).stdout, /^failed/)
    assert.equal(await unfinished(node), 'linux\n')
    assert.match(await ask(node), /^2 .*the upgrade of linux did not end, or a hook of it failed/)
    assert.equal((await gate(node)).exitCode, 2)

    // pacman ends with 0 here too, and its last hook has taken the package off the list.
    const again = await node.run(['kured-sentinel', 'repair'])
    assert.equal(again.exitCode, 2, again.stderr)
    assert.match(again.stderr, /90-image\.hook .*command failed/)
    assert.equal(await unfinished(node), 'linux\n')
    assert.match(await ask(node), /^2 .*the upgrade of linux did not end/)

    // A person has told the next night not to repair; another package is upgraded, and hides nothing.
    await node.writeFile('/etc/kured-sentinel.conf', '[upgrade]\nrepair = no\n')
    await offer(node, plain('z', '3'))
    await node.ok(['pacman', '-Syuw', '--noconfirm'])
    // What pacman's last hook has not taken off the list, the record does: it has seen the end.
    const last = '/etc/pacman.d/hooks/zzz-kured-sentinel-finished.hook'
    await node.ok(['ln', '-s', '/dev/null', last])
    assert.deepEqual((await upgrade(node)).problems, [])
    await node.ok(['rm', last])
    assert.match(await ask(node), /^2 .*the upgrade of linux did not end/)

    // Installed anew, by hand, with a hook that works.
    await node.shell('rm /run/fail; pacman -S --noconfirm linux')
    assert.match(await ask(node), /^0 /)

    await node.shell('echo linux >/var/lib/kured-sentinel/unfinished')
    assert.match(await ask(node), /^2 /)
    assert.equal(
      await node.ok(['kured-sentinel', 'repair', '--done']),
      'done: 1 package counts as finished\n',
    )
    assert.match(await ask(node), /^0 /)
  },
)

labTest(
  'entries that a power cut has emptied: pacman sees nothing, everything here does',
  async () => {
    await using node = await bootBefore()
    await node.shell('touch /run/go')
    assert.equal((await upgrade(node)).outcome, 'completed')
    await node.shell(`: >${LOCAL}/m-2-1/desc; : >${LOCAL}/z-2-1/files; : >/usr/share/z`)
    await node.ok(['pacman', '-Dk'])
    assert.match(await ask(node), /^2 .*pacman’s entries of m-2-1, z-2-1 are damaged/)
    const answer = await preflight(node, 'upgrade', '--local')
    assert.equal(answer.exitCode, 255, answer.said)
    assert.match(answer.said, /entries of m-2-1, z-2-1 are damaged.*To do: kured-sentinel repair/)
    assert.match(await doctor(node), /damaged/)

    // The night is not sure that the damage is its own: a person asks for it.
    const refused = await node.run(['kured-sentinel', 'repair'])
    assert.equal(refused.exitCode, 2)
    assert.match(refused.stderr, /--force/)
    // The entries are removed, and then pacman does not even begin: nothing is forgotten.
    await node.writeFile('/etc/pacman.d/hooks/00-no.hook', NO_HOOK)
    assert.equal((await node.run(['kured-sentinel', 'repair', '--force'])).exitCode, 2)
    assert.equal(await unfinished(node), 'm\nz\n')
    assert.match(await ask(node), /^2 .*the upgrade of m, z did not end/)
    await node.ok(['rm', '/etc/pacman.d/hooks/00-no.hook'])

    const beside = await node.shell(
      'flock /run/kured-sentinel/locks/repair kured-sentinel repair --force 2>&1 || echo "exit $?"',
    )
    assert.match(beside, /locked by another run.*\nexit 2/)

    // A file of a person's where another package brings one now.
    const brings = kernel('linux', '3', '6.99.0-3')
    await offer(node, { ...brings, files: { ...brings.files, '/etc/mine': 'theirs' } })
    await node.writeFile('/etc/mine', 'mine')
    await node.ok(['pacman', '-Syuw', '--noconfirm'])
    const inTheWay = await node.run(['kured-sentinel', 'repair', '--force'])
    assert.match(inTheWay.stderr, /linux: \/etc\/mine exists in filesystem: move it away/)
    assert.equal(await node.readFile('/etc/mine'), 'mine')
    await node.ok(['rm', '/etc/mine'])
    await node.ok(['kured-sentinel', 'repair', '--force'])
    assert.deepEqual(
      [await node.readFile('/usr/share/z'), await node.readFile('/etc/m.conf')],
      ['2', 'edited\n'],
    )
    assert.match(await ask(node), /^0 /)
  },
)

labTest(
  'what a person’s pacman left is not repaired unasked; a pacman at work is left alone',
  async () => {
    await using node = await bootBefore()
    await node.ok(['systemd-run', '--unit=by-hand', 'pacman', '-Su', '--noconfirm'])
    await node.shell(`until grep -q 'upgraded m' /var/log/pacman.log; do sleep 0.05; done`)
    const busy = await node.run(['kured-sentinel', 'repair', '--force'])
    assert.equal(busy.exitCode, 2)
    assert.match(busy.stderr, /pacman is at work: PID \d+ holds/)
    await node.shell(
      `systemctl kill --signal=KILL by-hand; until ! pgrep -x pacman; do sleep 0.05; done; touch /run/go`,
    )
    const mayBeAPersons = await node.run(['kured-sentinel', 'repair', '--force'])
    assert.match(mayBeAPersons.stderr, /pacman is at work|its pacman may have been a person’s/)
    await node.ok(['rm', LOCK])
    assert.equal((await upgrade(node)).outcome, 'completed', 'it goes on with the rest')
    // These were done before the cut: no transaction has run their hooks.
    assert.equal(await unfinished(node), 'linux\nm\n')
    assert.match((await node.run(['kured-sentinel', 'repair'])).stderr, /--force/)
    assert.equal(await node.ok(['kured-sentinel', 'repair', '--force']), 'repaired: 2 packages\n')
    assert.equal(await unfinished(node), '')

    // A package that no repository has, or that is ignored, is named.
    await node.shell(
      `rm -f ${CACHE}/none; printf 'local\\nm\\n' >/var/lib/kured-sentinel/unfinished`,
    )
    await node.shell(`sed -i 's/^\\[options\\]/&\\nIgnorePkg = m/' /etc/pacman.conf`)
    const named = await node.run(['kured-sentinel', 'repair', '--force'])
    assert.equal(named.exitCode, 2)
    assert.match(
      named.stderr,
      /local: no repository has it: install it anew by hand\n.*m: it is ignored/,
    )
  },
)

labTest('SIGINT after the kernel, and a /boot that is too full for it', async () => {
  await using node = await bootBefore()
  await node.ok(['systemctl', 'start', '--no-block', UNIT])
  await node.shell(`until grep -q 'upgraded linux' /var/log/pacman.log; do sleep 0.05; done`)
  await node.ok(['systemctl', 'kill', '--kill-whom=main', '--signal=INT', UNIT])
  await node.shell(`touch /run/go; until systemctl is-failed ${UNIT}; do sleep 0.05; done`)
  assert.equal((await node.run(['test', '-e', LOCK])).exitCode, 1, 'pacman has removed its lock')
  assert.match(await ask(node), /^2 .*the upgrade of linux, m, z did not end/)
  await upgrade(node)
  assert.match(await ask(node), /^0 /)

  // As linux-aarch64: the image is the package's own file. pacman does not look for room here.
  await node.shell(`sed -i /CheckSpace/d /etc/pacman.conf; mount -t tmpfs -o size=64k none /boot`)
  const image = { '/boot/Image': 'x'.repeat(300_000) }
  const large = kernel('linux', '3', '6.99.0-3')
  await offer(node, { ...large, files: { ...large.files, ...image } })
  await node.ok(['pacman', '-Syuw', '--noconfirm'])
  const full = await upgrade(node)
  assert.notDeepEqual([full.outcome, full.problems], ['completed', []])
  assert.match(await ask(node), /^2 .*linux/)
  assert.equal((await gate(node)).exitCode, 2)
})
