import { Exit } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { describeBlocker } from '../ignored/blockers.ts'
import { checkIgnored, type IgnoredCheck } from '../ignored/check.ts'
import type { WaitingPackage } from '../ignored/simulation-output.ts'
import { withProgress } from '../terminal/progress.ts'
import { printableJson, printableLines } from '../text/printable.ts'

/** In ms. A board needs a second or two for each of pacman's runs. */
const LIMIT_MS = 120_000

const CODES = { fine: Exit.ok, blocked: 1, unknown: Exit.attention }

/** `ignore check`: whether the next upgrade would fail. @returns 0 no, 1 yes, 2 could not tell */
export async function ignoreCheck(options: {
  json: true | undefined
  pacmanConf: string
}): Promise<number> {
  const check = await withProgress('asking pacman', () =>
    checkIgnored(new Host(), options.pacmanConf, new Deadline(LIMIT_MS)),
  )
  write(1, options.json ? printableJson(check) : renderIgnoredCheck(check))
  return CODES[check.verdict]
}

const HEADINGS = {
  fine: 'no ignored package stops the next upgrade',
  blocked: 'ignored packages stop the next upgrade:',
  unknown: 'could not tell: the next upgrade fails even with nothing ignored:',
}

/** The verdict, its reasons, and the upgrades that are ignored. */
function renderIgnoredCheck(check: IgnoredCheck): string {
  const { verdict, blockers, waiting, errors, warnings, databasesFrom } = check
  const lines = [HEADINGS[verdict]]
  const words = verdict === 'unknown' || blockers.length === 0 ? errors : []
  lines.push(...[...words, ...blockers.map(describeBlocker)].map((line) => `  ${line}`))
  if (waiting.length > 0) lines.push('ignored upgrades:')
  lines.push(...waiting.map((one) => `  ${waits(one)}`))
  if (databasesFrom !== undefined) {
    lines.push(`by the sync databases of ${databasesFrom.toISOString()}`)
  }
  lines.push(...warnings.map((warning) => `warning: ${warning}`))
  return printableLines(lines)
}

function waits({ name, installed, available, replacement }: WaitingPackage): string {
  return `${name} ${installed} -> ${replacement === undefined ? '' : `${replacement} `}${available}`
}
