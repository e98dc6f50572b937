/** The short form of `npm run campaign`: some rounds of it, with moments of their own. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { preparePublisher, publishCut } from '../campaign/publish-cuts.ts'
import { cut, shutdown } from '../campaign/rounds.ts'
import { prepareDisk } from '../campaign/upgrade-node.ts'
import { cache } from '../lab/cache.ts'
import { gatedTest, labProblem } from '../lab/lab.ts'

/** Makes a disk, and gives it to the rounds that begin with it: each leaves the node whole. */
async function eachWhole(
  prepare: (disk: string) => Promise<void>,
  rounds: readonly { run: typeof cut; round: number }[],
): Promise<void> {
  const directory = mkdtempSync(join(cache, 'campaign-'))
  try {
    const disk = join(directory, 'disk')
    await prepare(disk)
    for (const { run, round } of rounds) {
      const { what, at, end, detail } = await run(disk, 1, round)
      assert.deepEqual([end, detail], ['whole', ''], `${what} after ${at} ms`)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

gatedTest(
  labProblem(),
  'power cuts and shutdowns in the middle of an upgrade: two nights later all is whole',
  () =>
    eachWhole(prepareDisk, [
      ...[0, 1, 2].map((round) => ({ run: cut, round })),
      ...[0, 1, 2, 3, 4].map((round) => ({ run: shutdown, round })),
    ]),
  { timeout: 600_000 },
)

gatedTest(
  labProblem(),
  'a publication that is ended in the middle: no node finds databases without their packages',
  () =>
    // Round 5 is the power cut that once left a node with databases of empty packages.
    eachWhole(
      preparePublisher,
      [0, 5, 2, 3].map((round) => ({ run: publishCut, round })),
    ),
  { timeout: 600_000 },
)
