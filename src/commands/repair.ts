import { mustBeRoot } from '../host/caller.ts'
import { readConfig } from '../config/config.ts'
import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { Exit } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import { awaitAlone } from '../host/flock.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { planRepair } from '../repair/plan.ts'
import { declareDone, LOOK_MS, repair, REPAIR_LOCK, type RepairOutcome } from '../repair/repair.ts'
import { withProgress } from '../terminal/progress.ts'
import { printableLines } from '../text/printable.ts'
import { countPackages } from '../text/listed.ts'

interface RepairOptions {
  json: boolean
  dryRun: boolean
  force: boolean
  done: boolean
  pacmanConf: string
  configFile: string | undefined
}

/** Another repair takes as long as its packages. */
const LOCK_MS = 2000

/**
 * `repair`: repairs what a cut upgrade has left.
 *
 * Its exit codes: 0 whole or repaired, 2 a person must look.
 */
export async function runRepair(options: RepairOptions): Promise<Answer<'repair'>> {
  mustBeRoot('a repair')
  const host = new Host()
  if (options.done) {
    const names = declareDone(host)
    if (!options.json) write(1, renderDone(names.length))
    const details = { entries: [], packages: names, left: [], commands: [], problems: [] }
    return { verdict: 'done', exitCode: Exit.ok, findings: [], details }
  }
  const config = readConfig(host, options.configFile)
  const deadline = new Deadline(LOOK_MS)
  const outcome = await withProgress('repairing', () =>
    awaitAlone(REPAIR_LOCK, LOCK_MS, () => {
      const plan = planRepair(host, options.pacmanConf, config, deadline)
      return repair(host, plan, { ...options, config }, deadline)
    }),
  )
  const isFailed = outcome.outcome === 'failed'
  if (!options.json) write(isFailed ? 2 : 1, renderRepair(outcome, options.force))
  const { outcome: verdict, ...details } = outcome
  return {
    verdict,
    exitCode: isFailed ? Exit.attention : Exit.ok,
    findings: [
      ...outcome.problems.map((problem) => plainFinding('wrong', 'problem', problem)),
      ...outcome.left.map((one) => plainFinding('warning', 'left', one)),
    ],
    details,
  }
}

function renderDone(count: number): string {
  if (count === 0) return 'nothing was unfinished\n'
  return `done: ${count === 1 ? '1 package counts' : `${count} packages count`} as finished\n`
}

/** The outcome, for a person and for the journal. */
function renderRepair(
  { outcome, commands, problems, packages, left, isOwn }: RepairOutcome,
  force: boolean,
): string {
  if (outcome === 'nothing-to-do') return 'nothing to repair\n'
  if (outcome === 'planned') {
    const told = commands.map((words) => `  ${words.map(quote).join(' ')}`)
    // The last one is the transaction again, with --overwrite.
    if (packages.length > 0) told.splice(-1, 0, 'only if files of these packages are in its way:')
    const run = told.length > 0 ? ['would run:', ...told] : ['would run nothing']
    const asked = isOwn || force ? [] : ['only with --force: a person’s pacman left this']
    return printableLines([...run, ...left.map((one) => `left alone: ${one}`), ...asked])
  }
  if (outcome === 'failed') {
    return printableLines(['attention, not repaired:', ...problems.map((one) => `  ${one}`)])
  }
  const count = countPackages(packages.length)
  return `repaired: ${packages.length === 0 ? 'a lock was left, and nothing had begun' : count}\n`
}

/** A word as a shell reads it. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
