/** Whatever users and pods do, the answer stays right, in time, and in little memory. */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { BURDENS, DESCRIPTORS, FORGERIES, MOUNTS } from '../lab/attackers.ts'
import { bootNode, install, labTest, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, tool } from '../lab/recipes.ts'

/** Where a process of the user `builder`, or a pod’s, may come from. */
const FROM = {
  session: ['--scope', '--slice=user-1001.slice'],
  cron: ['--unit=crond'],
  pod: ['--scope', '--slice=kubepods.slice', '--unit=cri-containerd-3f1c0b9d2e7a.scope'],
}

for (const [what, source] of Object.entries(FORGERIES)) {
  labTest(`${what}: no reason for a reboot`, async () => {
    await using node = await bootNode()
    await install(node, tool('1.0'))
    await upgradeTo(node, tool('2.0'))
    for (const from of ['session', 'cron'] as const) {
      const pid = await attack(node, source, from)
      const maps = await node.readFile(`/proc/${pid}/maps`)
      assert.match(maps, / r-xp .* \/usr\/bin\/tool \(deleted\)$/m, 'it maps by that name')
      const { exitCode, stdout, stderr } = await node.asKured(['/usr/bin/kured-sentinel', 'check'])
      assert.deepEqual([exitCode, stdout, stderr], [1, 'no reboot required\n', ''], from)
      const { ignored } = JSON.parse(
        await node.ok(['/usr/bin/kured-sentinel', 'status', '--json'], {}),
      )
      assert.ok(
        ignored.some((finding: { pid?: number }) => finding.pid === pid),
        'it was seen',
      )
      await node.shell(`systemctl stop crond 2>/dev/null; kill ${pid} 2>/dev/null; rm -rf /var/tmp/own`)
    }
  })
}
