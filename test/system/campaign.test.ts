/** The short form of `npm run campaign`: some rounds of it, with moments of their own. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { preparePublisher, publishCut } from '../campaign/publish-cuts.ts'
import { cut, shutdown } from '../campaign/rounds.ts'
import { prepareDisk } from '../campaign/upgrade-node.ts'
import { cache } from '../lab/cache.ts'
import { gatedTest, labProblem } from '../lab/lab.ts'

gatedTest(
  labProblem(),
  'power cuts and shutdowns in the middle of an upgrade: two nights later all is whole',
  async () => {
    const directory = mkdtempSync(join(cache, 'campaign-'))
    try {
      const disk = join(directory, 'disk')
      await prepareDisk(disk)
      for (const [run, rounds] of [
        [cut, 3],
        [shutdown, 5],
      ] as const) {
        for (let round = 0; round < rounds; round++) {
          const { what, at, end, detail } = await run(disk, 1, round)
          assert.deepEqual([end, detail], ['whole', ''], `${what} after ${at} ms`)
        }
      }
    } finally {
      rmSync(directory, { recursive: true })
    }
  },
  { timeout: 600_000 },
)

gatedTest(
  labProblem(),
  'a publication that is ended in the middle: no node finds databases without their packages',
  async () => {
    const directory = mkdtempSync(join(cache, 'campaign-'))
    try {
      const disk = join(directory, 'disk')
      await preparePublisher(disk)
      // The second is the power cut that once left a node with databases of empty packages.
      for (const round of [0, 5, 2, 3]) {
        const { what, at, end, detail } = await publishCut(disk, 1, round)
        assert.deepEqual([end, detail], ['whole', ''], `${what} after ${at} ms`)
      }
    } finally {
      rmSync(directory, { recursive: true })
    }
  },
  { timeout: 600_000 },
)
