import type { LogLine } from './log.ts'

/** One run of pacman, from its log. */
export interface PacmanRun {
  /** as it was typed; '' for another program that uses libalpm */
  command: string
  /** it got the lock and began a system upgrade */
  upgrading: boolean
  transaction?: Transaction
  /** the hooks it has started, in order; the log does not say how they ended */
  hooks: string[]
}

interface Transaction {
  /** undefined: it was cut off, or is still at work */
  end?: 'completed' | 'interrupted' | 'failed'
  /** the packages that it has installed, upgraded or removed */
  packages: string[]
  /** what it did to each, in pacman's words: "upgraded linux (6.18.44-1 -> 6.18.45-1)" */
  changes: string[]
  /** the .pacnew and .pacsave files that it made */
  pacfiles: string[]
}

/**
 * Splits the log into pacman's runs. The lines of two runs may be mixed, but there is one lock: the
 * run that has it writes "starting full system upgrade", and the next transaction is its own. A run
 * that does not get the lock writes only its command.
 * [pacman 6.0.2, 7.0.0: src/pacman/pacman.c and sync.c, libalpm/trans.c]
 */
export function readRuns(lines: readonly LogLine[]): PacmanRun[] {
  const runs: PacmanRun[] = []
  let holder: PacmanRun | undefined
  for (const { source, text } of lines) {
    if (source === 'PACMAN') {
      const command = /^Running '(.*)'$/.exec(text)?.[1]
      if (command !== undefined) runs.push(newRun(command))
      else if (text === 'starting full system upgrade') {
        holder = runs.findLast(({ command: words, upgrading }) => !upgrading && isUpgrade(words))
        if (holder !== undefined) holder.upgrading = true
      }
    } else if (source === 'ALPM') {
      if (text === 'transaction started') holder = begin(runs, holder)
      else take(holder ?? runs.at(-1), text)
    }
  }
  return runs
}

function newRun(command: string): PacmanRun {
  return { command, upgrading: false, hooks: [] }
}

/** The run that a new transaction belongs to. */
function begin(runs: PacmanRun[], holder: PacmanRun | undefined): PacmanRun {
  const candidates = [holder, runs.at(-1)]
  let run = candidates.find((one) => one !== undefined && one.transaction === undefined)
  if (run === undefined) runs.push((run = newRun('')))
  run.transaction = { packages: [], changes: [], pacfiles: [] }
  return run
}

function take(run: PacmanRun | undefined, text: string): void {
  if (run === undefined) return
  const [, hook] = /^running '(.*)'\.\.\.$/.exec(text) ?? []
  if (hook !== undefined) run.hooks.push(hook)
  const { transaction } = run
  if (transaction === undefined || transaction.end !== undefined) return
  const [, end] = /^transaction (completed|interrupted|failed)$/.exec(text) ?? []
  if (end === 'completed' || end === 'interrupted' || end === 'failed') transaction.end = end
  const pacfile = readPacfile(text)
  if (pacfile !== undefined) transaction.pacfiles.push(pacfile)
  const [, name] = /^(?:installed|reinstalled|upgraded|downgraded|removed) (\S+)/.exec(text) ?? []
  if (name === undefined) return
  transaction.packages.push(name)
  transaction.changes.push(text)
}

/**
 * The file that pacman made beside a configuration file that somebody has changed, by a line of its
 * log. [libalpm/add.c and remove.c: "warning: F installed as F.pacnew", "warning: F saved as …"]
 */
export function readPacfile(text: string): string | undefined {
  return /^warning: .+ (?:installed|saved) as (\/.+\.pac(?:new|save|orig)(?:\.\d+)?)$/.exec(
    text,
  )?.[1]
}

/** Whether a command line is a system upgrade: -Su, -Syu, --sync --sysupgrade, … */
function isUpgrade(command: string): boolean {
  return / (?:-S\w*u|-\w*u\w*S|--sysupgrade\b)/.test(command)
}

/**
 * Whether a command line is one of the units': an upgrade with --noconfirm. (A person may type the
 * same.)
 *
 * @param fetchOnly the download's, with -w
 */
export function isUnattended(command: string, fetchOnly: boolean): boolean {
  const [program = '', ...words] = command.split(' ')
  const flags = words.filter((word) => /^-\w/.test(word)).join('')
  const fetches = flags.includes('w') || words.includes('--downloadonly')
  return (
    program.replace(/.*\//, '') === 'pacman' &&
    isUpgrade(command) &&
    words.includes('--noconfirm') &&
    fetches === fetchOnly
  )
}
