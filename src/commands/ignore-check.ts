import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { Exit } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { describeBlocker } from '../ignored/blockers.ts'
import { checkIgnored, type IgnoredCheck } from '../ignored/check.ts'
import type { WaitingPackage } from '../ignored/simulation-output.ts'
import { withProgress } from '../terminal/progress.ts'
import { printableLines } from '../text/printable.ts'

/** In ms. A board needs a second or two for each of pacman's runs. */
const LIMIT_MS = 120_000

const CODES = { fine: Exit.ok, blocked: 1, unknown: Exit.attention }

/** `ignore check`: whether the next upgrade would fail. Its exit codes: 0 no, 1 yes, 2 could not tell. */
export async function ignoreCheck(options: {
  json: true | undefined
  pacmanConf: string
}): Promise<Answer<'ignore check'>> {
  const check = await withProgress('asking pacman', () =>
    checkIgnored(new Host(), options.pacmanConf, new Deadline(LIMIT_MS)),
  )
  if (!options.json) write(1, renderIgnoredCheck(check))
  const { verdict, databasesFrom, ...details } = check
  const state = verdict === 'blocked' ? 'wrong' : 'unknown'
  const words = check.blockers.length > 0 ? [] : check.errors
  return {
    verdict,
    exitCode: CODES[verdict],
    findings: [
      ...words.map((line) => plainFinding(state, 'pacman', line)),
      ...check.blockers.map((one) => plainFinding('wrong', 'blocker', describeBlocker(one))),
      ...check.waiting.map((one) => plainFinding('note', 'waiting', waits(one))),
      ...check.warnings.map((warning) => plainFinding('warning', 'ignored', warning)),
    ],
    details: { ...details, databasesFrom: databasesFrom?.toISOString() },
  }
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
