/** The last gate before a real reboot: `kured-sentinel reboot`, as Kured runs it. */
import assert from 'node:assert/strict'
import type { HistoryEntry } from '../../src/history/fields.ts'
import { consoleBlock, followConsole } from '../fixture/console.ts'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { kernel, slow } from '../lab/recipes.ts'
import { readEnvelope } from '../fixture/envelope.ts'

const GATE = ['/usr/bin/kured-sentinel', 'reboot']
const LOCK = '/var/lib/pacman/db.lck'
const PENDING = '/run/kured-sentinel/reboot-pending'

/** Two packages that take some time each: half of them is half an upgrade. */
const steady = (name: string): PackageRecipe => ({
  name,
  version: '1.0',
  install: 'post_install() { sleep 3; }\n',
  files: { [`/usr/share/${name}`]: `${name}\n` },
})

const UPGRADE = `[Service]
Type=oneshot
ExecStart=/usr/bin/pacman -S --noconfirm steady-a steady-b
`

/** A node for which a check has asked for a reboot. */
async function bootDueNode(): Promise<LabNode> {
  const node = await bootNode()
  await offer(node, slow, steady('steady-a'), steady('steady-b'))
  await install(node, kernel('linux', '9.9.9', '9.9.9-lab'))
  return node
}

const waitForLock = (node: LabNode) =>
  node.shell(`until [ -e ${LOCK} ] && pgrep -x sleep; do sleep 0.1; done`)

labTest('no reboot: what refuses it, and what is left as it was', async () => {
  await using node = await bootDueNode()
  const gate = async (...words: string[]) => {
    const { exitCode, stdout, stderr } = await node.asKured([...GATE, ...words])
    assert.equal(stdout, '')
    return [exitCode, stderr] as const
  }
  const before = await node.shell(
    'systemctl list-unit-files --no-legend; ls -A /run/systemd/system',
  )

  const [mistaken, hint] = await gate()
  assert.equal(mistaken, 2)
  assert.match(
    hint,
    /no check has asked Kured.*rebootSentinelCommand must be `kured-sentinel` alone/,
  )
  assert.equal((await node.asKured(['/usr/bin/kured-sentinel'])).exitCode, 0)

  await node.ok(['kured-sentinel', 'hold', '--for', '1h', '--reason', 'replacing a disk'])
  const [held, whyHeld] = await gate()
  assert.equal(held, 1)
  assert.match(whyHeld, /^no reboot: held for .* more: replacing a disk\n$/)
  await node.ok(['kured-sentinel', 'release'])

  // A person's pacman, that never ends.
  await node.ok([
    'systemd-run',
    '--collect',
    '--unit=by-hand',
    'pacman',
    '-S',
    '--noconfirm',
    'slow',
  ])
  await waitForLock(node)
  await followConsole(
    consoleBlock('docs/reboots.md', '# kured-sentinel reboot --wait 2s; echo $?'),
    async (script) => (await node.asKured(['/bin/sh', '-c', script])).stdout,
  )
  const dry = await node.run([...GATE, '--dry-run'])
  assert.equal(dry.exitCode, 1)
  assert.match(dry.stderr, /^would wait: pacman is at work/)

  // While the gate waits no upgrade begins. It is ended meanwhile: nothing stays behind.
  const preflight = 'kured-sentinel preflight upgrade --local 2>&1'
  const skipped = await node.shell(
    `${GATE.join(' ')} & gate=$!; until [ -e ${PENDING} ]; do sleep 0.1; done
    ! ${preflight}; kill $gate; ! wait $gate; echo; ! ${preflight}`,
  )
  assert.match(skipped, /is about to reboot this host\..*\n(.*\n)*.*pacman is at work/)
  await node.ok(['systemctl', 'kill', '--signal=KILL', 'by-hand'])
  await node.shell(`while pgrep -x pacman; do sleep 0.1; done; touch --date='2 hours ago' ${LOCK}`)
  const [stale, whyStale] = await gate()
  assert.equal(stale, 2)
  assert.match(whyStale, /^no reboot: stale lock/)
  await node.ok(['rm', LOCK])
  const [cut, whyCut] = await gate()
  assert.equal(cut, 2)
  assert.match(whyCut, /^no reboot: the upgrade of slow did not end, .*kured-sentinel repair/)
  await node.ok(['kured-sentinel', 'repair', '--done'])

  const inhibit = 'systemd-inhibit --what=shutdown --mode=block sleep infinity'
  await node.shell(`systemd-run --collect --unit=inhibitor ${inhibit}`)
  await node.shell('until systemd-inhibit --list | grep -q block; do sleep 0.1; done')
  const [inhibited, whyInhibited] = await gate()
  assert.equal(inhibited, 2)
  assert.match(whyInhibited, /^error: systemctl reboot failed: .*\(see systemd-inhibit --list\)/)
  await node.ok(['systemctl', 'stop', 'inhibitor'])

  const { events } = JSON.parse(await node.ok(['kured-sentinel', 'history', '--json'])).details
  const gates = events.filter(({ kind }: HistoryEntry) => kind === 'gate')
  assert.deepEqual(
    gates.map(({ ending, by }: HistoryEntry<'gate'>) => `${ending} ${by}`),
    [
      'attention kured',
      'not-now kured',
      'not-now kured',
      'failed root',
      'attention kured',
      'attention kured',
      'down kured',
      'failed kured',
    ],
  )
  assert.match(gates[2].waitedFor.join(), /pacman is at work/)

  const ready = await node.run([...GATE, '--dry-run', '--json'])
  assert.equal(ready.exitCode, 0)
  const { verdict, details, exitCode } = readEnvelope('reboot', ready.stdout)
  assert.deepEqual([verdict, details.dryRun, exitCode], ['go', true, 0])
  assert.equal((await node.asKured([...GATE, '--dry-run'])).exitCode, 2, 'to Kured 0 is a reboot')

  assert.equal(await node.shell(`ls ${PENDING} 2>/dev/null || true`), '')
  assert.equal(
    await node.shell('systemctl list-unit-files --no-legend; ls -A /run/systemd/system'),
    before,
  )

  // systemctl loses its connection, and nobody says more: no upgrade may begin meanwhile.
  await replaceProgram(node, 'busctl', 'exit 1')
  await replaceProgram(node, 'systemctl', 'case $* in *show*) exec $0.real "$@" ;; esac; exit 1')
  const [unsure, whyUnsure] = await gate()
  assert.equal(unsure, 2)
  assert.match(
    whyUnsure,
    /does not say whether the host is going down, so no upgrade begins for 30min/,
  )
  assert.match(await node.shell(`! ${preflight}`), /is about to reboot this host/)

  // It loses its connection because the host is going down: that is no failure.
  await replaceProgram(node, 'busctl', 'exec $0.real "$@"')
  await replaceProgram(
    node,
    'systemctl',
    `$0.real "$@" || exit
    case "$* " in *' reboot '*) echo 'Failed to reboot: Connection reset by peer' >&2; exit 1 ;; esac`,
  )
  const accepted = await node.asKured(GATE)
  assert.equal(accepted.exitCode, 0, accepted.stderr)
  assert.match(accepted.stdout, /^rebooting(, after waiting for \d+s)?\n$/)
  assert.equal(await node.waitForEnd(), 'reboot')
})

/** Puts a script in the place of a program, which stays beside it as NAME.real. */
async function replaceProgram(node: LabNode, name: string, script: string): Promise<void> {
  const path = `/usr/bin/${name}`
  await node.shell(`[ -e ${path}.real ] || mv ${path} ${path}.real`)
  await node.writeFile(path, `#!/bin/sh\n${script}\n`)
  await node.ok(['chmod', '755', path])
}

labTest('a transaction completes first, then the node goes down', async () => {
  await using node = await bootDueNode()
  assert.equal((await node.asKured(['/usr/bin/kured-sentinel'])).exitCode, 0)
  await node.writeFile('/etc/systemd/system/pacman-upgrade.service', UPGRADE)
  await node.ok(['systemctl', 'daemon-reload'])
  await node.ok(['systemctl', 'start', '--no-block', 'pacman-upgrade'])
  await waitForLock(node)
  const { exitCode, stdout, stderr } = await node.asKured(GATE)
  assert.equal(exitCode, 0, stderr)
  assert.match(stdout, /^rebooting, after waiting for \d+s\n$/)
  assert.match(stderr, /pacman is at work.*; pacman-upgrade\.service is activating/)
  assert.equal(await node.waitForEnd(), 'reboot')

  await node.boot()
  assert.equal(
    await node.ok(['pacman', '-Q', 'steady-a', 'steady-b']),
    'steady-a 1.0-1\nsteady-b 1.0-1\n',
  )
  assert.match(await node.shell('tail -2 /var/log/pacman.log'), /transaction completed/)
  assert.equal(await node.shell(`ls ${LOCK} ${PENDING} 2>/dev/null || true`), '')
  // What was asked for in the last boot is done: it lets nobody reboot this one.
  const again = await node.asKured([...GATE, '--dry-run'])
  assert.match(again.stderr, /^would refuse: no check has asked Kured for a reboot in this boot/)
  // The transaction was over before the boot: it gives the same kernel no second reboot.
  assert.equal((await node.asKured(['/usr/bin/kured-sentinel'])).exitCode, 2)
})
