/** Whatever users and pods do, the answer stays right, in time, and in little memory. */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { BURDENS, FORGERIES, type Place } from '../lab/attackers.ts'
import { bootNode, install, labTest, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, tool } from '../lab/recipes.ts'
import { readJudged } from '../fixture/envelope.ts'

const FROM: Record<Place, string[]> = {
  session: ['--scope', '--slice=user-1001.slice'],
  cron: ['--unit=crond'],
  pod: ['--scope', '--slice=kubepods.slice', '--unit=cri-containerd-3f1c0b9d2e7a.scope'],
}

const EITHER: Place[] = ['session', 'pod']

for (const [what, source] of Object.entries(FORGERIES)) {
  labTest(`${what}: no reason for a reboot`, async () => {
    await using node = await bootNode()
    await install(node, tool('1.0'))
    await upgradeTo(node, tool('2.0'))
    for (const from of ['session', 'cron'] as const) {
      const pid = await attack(node, source, from)
      const maps = await node.readFile(`/proc/${pid}/maps`)
      assert.match(
        maps,
        / r-xp .* \/usr\/(local\/usr\/)?bin\/tool \(deleted\)$/m,
        'its name looks like a packaged file’s',
      )
      const { exitCode, stdout, stderr } = await node.asKured(['/usr/bin/kured-sentinel', 'check'])
      assert.deepEqual([exitCode, stdout, stderr], [1, 'no reboot required\n', ''], from)
      const shown = await node.ok(['/usr/bin/kured-sentinel', 'status', '--json'])
      const { ignored } = readJudged(shown, 'status')
      assert.ok(
        ignored.some((finding) => finding.pid === pid),
        'it was seen',
      )
      await node.shell(`pkill -x attacker; rm -rf /var/tmp/own; systemctl reset-failed`)
    }
  })
}

for (const [what, { source, from = EITHER, listed = 0, lock = false }] of Object.entries(BURDENS)) {
  for (const place of from) {
    labTest(`${what}, of a ${place}: the answer is right, in time, in little memory`, async () => {
      await using node = await bootNode({ prepare: takeMeasure })
      await node.shell('gcc -O2 -o /usr/bin/measure /root/measure.c')
      await install(node, greet('1.0'), greeter)
      await node.ok(['systemctl', 'start', 'plain', 'private'])
      await upgradeTo(node, greet('2.0'))
      await node.shell(
        `mkdir /usr/lib/listed; seq -f usr/lib/listed/%.0f 0 ${listed} >>/run/kured-sentinel/replaced`,
      )
      await attack(node, source, place)
      if (lock) await node.shell('touch /var/lib/pacman/db.lck')
      const { answer, ms, kib } = await measured(node, ['--timeout', '10s'])
      // A service runs what pacman replaced; beside a lock the check answers 1 anyway.
      assert.equal(answer, lock ? 1 : 0)
      assert.ok(ms < 11_000, `${ms} ms`)
      assert.ok(kib < 100 * 1024, `${kib} KiB`)
    })
  }
}

function takeMeasure(root: string): void {
  const source = join(import.meta.dirname, '../../scripts/bench/measure.c')
  cpSync(source, join(root, 'root/measure.c'))
}

/** Runs an attacker as the user `builder`, until it is ready; @returns its PID */
async function attack(node: LabNode, source: string, from: Place): Promise<number> {
  await node.writeFile('/root/attacker.c', source)
  await node.shell(`gcc -w -o /usr/bin/attacker /root/attacker.c
install -d -o builder /opt/user; chmod 1777 /var/tmp; rm -f /var/tmp/ready`)
  const as = 'setpriv --reuid=builder --regid=builder --clear-groups /usr/bin/attacker'
  const begin = `systemd-run --quiet ${FROM[from].join(' ')} ${as} </dev/null >/run/attacker.log 2>&1 &`
  const wait =
    'until [ -e /var/tmp/ready ]; do sleep 0.1; pgrep -x attacker >/dev/null || break; done'
  await node.shell(
    `${begin}
sleep 0.3; ${wait}; [ -e /var/tmp/ready ] || { cat /run/attacker.log; journalctl -n 5 --no-pager; exit 1; }`,
    { timeoutMs: 120_000 },
  )
  return Number(await node.shell('pgrep -o -x "attacker|prog"'))
}

/** A check's answer, with its time and the memory of its largest process. */
async function measured(node: LabNode, args: string[]) {
  const command = ['/usr/bin/kured-sentinel', 'check', ...args].join(' ')
  const script = `/usr/bin/measure /bin/sh -c '${command}; echo $? >/run/answer'`
  const [ms = NaN, kib = NaN] = (await node.shell(script, { timeoutMs: 90_000 }))
    .split(' ')
    .map(Number)
  return { answer: Number(await node.readFile('/run/answer')), ms, kib }
}
