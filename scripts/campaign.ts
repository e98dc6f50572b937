/**
 * `npm run campaign -- cuts|shutdowns [--rounds N] [--seed S]`: long campaigns on nodes of the lab.
 * Each round has its own random numbers from the seed. A campaign that was ended goes on where it
 * was: the rounds done are kept beside the lab's trees.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cut, type Round, shutdown } from '../test/campaign/rounds.ts'
import { prepareDisk } from '../test/campaign/upgrade-node.ts'
import { cache } from '../test/lab/cache.ts'
import { labProblem } from '../test/lab/lab.ts'

const CAMPAIGNS = { cuts: cut, shutdowns: shutdown }

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
})
const [name = ''] = positionals
const run = Object.entries(CAMPAIGNS).find(([known]) => known === name)?.[1]
const problem = labProblem()
if (run === undefined || problem !== undefined) {
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
  await prepareDisk(disk)
  for (let round = done.length; round < rounds; round++) {
    const result = await run(disk, seed, round)
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
