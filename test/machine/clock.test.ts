/** Clocks that are wrong: a board without a battery. */
import assert from 'node:assert/strict'
import { tool } from '../lab/recipes.ts'
import { askAsKured, askWhenKnown, PATIENCE_MS, say, SOON_WELL } from './commands.ts'
import { makeGoods, takeOffer } from './goods.ts'
import { readyMachine } from './ready.ts'
import { machineTest } from './shared.ts'

machineTest('holds and stamps, whatever the clock does', async (step) => {
  const offers = ['1.0', '2.0'].map((version) => ({ recipes: [tool(version)] }))
  const node = await readyMachine({ name: 'clock', goods: await makeGoods(...offers) })
  await takeOffer(node, 0)
  await node.shell(`${SOON_WELL}
kured-sentinel units install --local --enable
pacman -Sy --noconfirm tool
systemctl start tool`)

  await step('the board starts in 1970, and its clock is set after the first check', async () => {
    await node.setClock(new Date(300_000))
    assert.deepEqual(await askAsKured(node), { exitCode: 1, said: 'no reboot required' })
    assert.equal((await say(node, 'hold --for 2h --reason test')).exitCode, 0)
    await takeOffer(node, 1)
    await node.shell('pacman -Syu --noconfirm', PATIENCE_MS)
    const held = /^no reboot required: held for .* more: test/
    const before = await askAsKured(node)
    assert.match(before.said, held)
    await node.setClock(new Date())
    const after = await askAsKured(node)
    assert.match(after.said, held)
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
})
