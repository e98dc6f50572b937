/** Clocks that are wrong: a board without a battery, and one that is set back in mid-upgrade. */
import assert from 'node:assert/strict'
import { GATE, gated, tool } from '../lab/recipes.ts'
import {
  askAsKured,
  askWhenKnown,
  PATIENCE_MS,
  readRun,
  say,
  SOON_WELL,
  startGatedUpgrade,
  untilUpgraded,
} from './commands.ts'
import { makeGoods, takeOffer } from './goods.ts'
import { readyMachine } from './ready.ts'
import { machineTest } from './shared.ts'
import { readKernels } from './tools.ts'

const HOUR_MS = 3_600_000
const HELD = /^no reboot required: held for .* more: test/

machineTest('holds and stamps, whatever the clock does', async (step) => {
  const [old, next] = readKernels()
  const node = await readyMachine({
    name: 'clock',
    goods: await makeGoods(
      { recipes: [tool('1.0'), gated('slow', '1.0')] },
      { recipes: [tool('2.0')] },
      // pacman installs linux, waits in slow, and comes to the hook that makes the initramfs.
      { recipes: [tool('3.0'), gated('slow', '2.0')], files: [next.file] },
    ),
  })
  await takeOffer(node, 0)
  await node.shell(`${SOON_WELL}
kured-sentinel units install --local --enable
pacman -Sy --noconfirm tool slow
systemctl start tool`)

  await step('the board starts in 1970, and its clock is set after the first check', async () => {
    await node.setClock(new Date(300_000))
    assert.deepEqual(await askAsKured(node), { exitCode: 1, said: 'no reboot required' })
    assert.equal((await say(node, 'hold --for 2h --reason test')).exitCode, 0)
    await takeOffer(node, 1)
    await node.shell('pacman -Syu --noconfirm', PATIENCE_MS)
    const before = await askAsKured(node)
    assert.match(before.said, HELD)
    await node.setClock(new Date())
    const after = await askAsKured(node)
    assert.match(after.said, HELD)
    assert.deepEqual([before.exitCode, after.exitCode], [1, 1])
    assert.equal((await say(node, 'release')).exitCode, 0)
    const due = await askWhenKnown(node)
    assert.match(
      due.said,
      /^reboot required: tool\[\d+\] runs a replaced executable: \/usr\/bin\/tool/,
    )
    await node.shell('systemctl restart tool')
    assert.deepEqual(await askAsKured(node), { exitCode: 1, said: 'no reboot required' })
  })

  await step('the clock steps back by an hour in the middle of an upgrade', async () => {
    await takeOffer(node, 2)
    await node.shell('pacman -Syuw --noconfirm', PATIENCE_MS)
    await say(node, 'hold --for 2h --reason test')
    await startGatedUpgrade(node)
    await node.setClock(new Date(Date.now() - HOUR_MS))
    const during = await askAsKured(node)
    assert.match(during.said, /^no reboot required: pacman is at work: PID \d+ holds/)
    assert.equal(during.exitCode, 1)
    await node.shell(`rm ${GATE}`)
    await untilUpgraded(node)

    const run = await readRun(node)
    assert.deepEqual([run.outcome, run.packages, run.problems], ['completed', 3, []])
    assert.match(
      (await askAsKured(node)).said,
      /^no reboot required: held for 1h \d+min more: test/,
    )
    assert.equal((await say(node, 'release')).exitCode, 0)
    for (const ask of [1, 2]) {
      const { exitCode, said } = await askWhenKnown(node)
      assert.match(said, new RegExp(`^reboot required: kernel ${old.release} is running`))
      assert.equal(exitCode, 0, `ask ${ask}`)
    }
    assert.equal((await say(node, 'reboot --dry-run')).said, 'would reboot now')
    const { events } = JSON.parse(await node.shell('kured-sentinel history --json')).details
    const kinds = events.map(({ kind }: { kind: string }) => kind)
    const since = kinds.slice(kinds.lastIndexOf('hold'))
    assert.deepEqual(since, ['hold', 'restart', 'upgrade', 'release', 'reboot-asked'])
  })
})
