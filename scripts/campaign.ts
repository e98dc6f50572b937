/**
 * `npm run campaign -- cuts|shutdowns|publications|power-cuts|nfs [--rounds N] [--seed S]`: long campaigns on nodes of
 * the lab, and on emulated machines.
 * Each round has its own random numbers from the seed. A campaign that was ended goes on where it
 * was: the rounds done are kept beside the lab's trees.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { preparePublisher, publishCut } from '../test/campaign/publish-cuts.ts'
import { nfs } from '../test/campaign/nfs.ts'
import { powerCut } from '../test/campaign/power-cuts.ts'
import { cut, type Round, shutdown } from '../test/campaign/rounds.ts'
import { prepareDisk } from '../test/campaign/upgrade-node.ts'
import { cache } from '../test/lab/cache.ts'
import { labProblem } from '../test/lab/lab.ts'
import { machineProblem } from '../test/machine/tools.ts'

interface Campaign {
  /** why this machine cannot run it */
  problem(): string | undefined
  /** makes a disk that all rounds begin with */
  prepare(disk: string): Promise<void>
  run(disk: string, seed: number, round: number): Promise<Round>
}

const onNodes = (run: Campaign['run'], prepare = prepareDisk): Campaign => ({
  problem: labProblem,
  prepare,
  run,
})

const onMachines = (run: (seed: number, round: number) => Promise<Round>): Campaign => ({
  problem: machineProblem,
  async prepare() {},
  run: (_disk, seed, round) => run(seed, round),
})

const CAMPAIGNS: Record<string, Campaign> = {
  cuts: onNodes(cut),
  shutdowns: onNodes(shutdown),
  publications: onNodes(publishCut, preparePublisher),
  'power-cuts': onMachines(powerCut),
  nfs: onMachines(nfs),
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
})
const [name = ''] = positionals
const campaign = Object.entries(CAMPAIGNS).find(([known]) => known === name)?.[1]
const problem = campaign?.problem()
if (campaign === undefined || problem !== undefined) {
  console.error(`error: ${problem ?? `name a campaign: ${Object.keys(CAMPAIGNS).join(', ')}`}`)
  process.exit(1)
}
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
const directory = join(cache, 'campaigns')
mkdirSync(directory, { recursive: true })
const kept = join(directory, `${name}-${seed}.jsonl`)
const disk = join(directory, `${process.pid}.disk`)
const done: Round[] = existsSync(kept)
  ? readFileSync(kept, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  : []
try {
  await campaign.prepare(disk)
  for (let round = done.length; round < rounds; round++) {
    const result = await campaign.run(disk, seed, round)
    done.push(result)
    appendFileSync(kept, `${JSON.stringify(result)}\n`)
    const { what, at, end, detail } = result
    console.log(`${round + 1}/${rounds} ${what} after ${at} ms: ${end}${detail && ` (${detail})`}`)
  }
} finally {
  rmSync(disk, { force: true })
}
const count = (end: Round['end']) => done.filter((round) => round.end === end).length
console.log(
  `${name}, seed ${seed}: ${count('whole')} whole, ${count('told')} told, ${count('broken')} broken`,
)
process.exitCode = count('broken') === 0 ? 0 : 1
