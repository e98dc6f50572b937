import { errorText, SentinelError } from '../errors.ts'
import { callerName } from '../host/caller.ts'
import type { Deadline } from '../host/deadline.ts'
import { syncDisks } from '../host/disks.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram, complaint, runProgram } from '../host/program.ts'
import { noteEvent } from '../history/note.ts'
import { judgeNextBoot } from '../boot/next-boot.ts'
import { askPacmanConf } from '../pacman/conf/pacman-conf.ts'
import { changeUnfinished } from '../pacman/unfinished.ts'
import { noteRepaired } from '../record/run-record.ts'
import { listWord } from '../systemd/escape.ts'
import { isWhole, type RepairPlan } from './plan.ts'

export interface RepairRequest {
  pacmanConf: string
  dryRun: boolean
  /** also what a person's pacman left */
  force: boolean
}

export interface RepairOutcome extends RepairPlan {
  outcome: 'nothing-to-do' | 'planned' | 'repaired' | 'failed'
  /** the commands, in order; in a dry run, those that would run */
  commands: string[][]
  /** what is still wrong, each in one line */
  problems: string[]
}

/** Its output is in the journal: a pipe that breaks would end it. */
const UNIT = 'kured-sentinel-repair'

/** pacman at work on a slow board, with all hooks. */
const TRANSACTION_MS = 12 * 3_600_000

/**
 * Repairs what a cut upgrade has left: removes its lock and its damaged entries, installs its
 * packages anew with all hooks, and verifies them. A whole host is left as it is.
 *
 * @throws SentinelError if nothing was done, because a person must decide
 */
export async function repair(
  host: Host,
  plan: RepairPlan,
  { pacmanConf, dryRun, force }: RepairRequest,
  deadline: Deadline,
): Promise<RepairOutcome> {
  const transaction = transactionOf(pacmanConf, plan)
  const commands = commandsOf(plan, transaction)
  if (isWhole(plan)) return { ...plan, outcome: 'nothing-to-do', commands, problems: [] }
  if (dryRun) return { ...plan, outcome: 'planned', commands, problems: [] }
  if (!plan.isOwn && !force) {
    throw new SentinelError(
      'a person’s pacman was cut, and not the unattended upgrade: look at kured-sentinel repair --dry-run, then use --force',
    )
  }
  if (plan.lock !== undefined) host.remove(plan.lock)
  for (const entry of plan.entries) host.removeTree(entry)
  const problems = plan.left.map((left) => `${left}: install it anew by hand`)
  if (plan.packages.length > 0) {
    const limits = { timeoutMs: TRANSACTION_MS }
    const ended = await awaitProgram('/usr/bin/systemd-run', transaction.slice(1), limits)
    if (ended.exitCode !== 0) problems.push(`pacman failed: journalctl -u ${UNIT}`)
    problems.push(...verify(host, pacmanConf, plan, deadline))
  }
  const unsynced = syncDisks(host)
  if (unsynced !== '') problems.push(`not everything is on the disk: ${unsynced}`)
  const { packages } = plan
  const by = callerName()
  if (problems.length > 0) {
    noteEvent(host, { kind: 'repair', outcome: 'failed', packages, problems, by })
    return { ...plan, outcome: 'failed', commands, problems }
  }
  // pacman's hooks have done so already, unless they are not active.
  changeUnfinished(host, (names) => names.filter((name) => !packages.includes(name)))
  noteEvent(host, { kind: 'repair', outcome: 'repaired', packages, problems, by })
  if (plan.isOwn) noteRepaired(host, 'upgrade')
  return { ...plan, outcome: 'repaired', commands, problems }
}

/** The word of a person that all is well: nothing counts as unfinished any more. @returns the names */
export function declareDone(host: Host): string[] {
  let names: string[] = []
  changeUnfinished(host, (listed) => {
    names = listed
    return []
  })
  noteRepaired(host, 'upgrade')
  noteEvent(host, {
    kind: 'repair',
    outcome: 'done',
    packages: names,
    problems: [],
    by: callerName(),
  })
  return names
}

/**
 * pacman's command in a unit of its own, which a stop and a shutdown wait for as for the upgrade's:
 * units/services.ts says why. If this program is killed, pacman goes on.
 */
function transactionOf(pacmanConf: string, { packages, dbPath }: RepairPlan): string[] {
  const caches = packages.length === 0 ? [] : askPacmanConf(pacmanConf, 'CacheDir')
  const settings = [
    'Type=oneshot',
    'KillMode=mixed',
    'KillSignal=SIGCONT',
    'TimeoutStopSec=25min',
    'OOMPolicy=continue',
    'Environment=LC_MESSAGES=C',
    `RequiresMountsFor=${[`${dbPath}/sync`, ...caches].map(listWord).join(' ')}`,
  ]
  return [
    '/usr/bin/systemd-run',
    '--quiet',
    '--wait',
    '--collect',
    `--unit=${UNIT}`,
    ...settings.map((setting) => `--property=${setting}`),
    '--',
    '/usr/bin/pacman',
    '--config',
    pacmanConf,
    '-Su',
    '--noconfirm',
    '--noprogressbar',
    '--overwrite',
    '*',
    '--',
    ...packages,
  ]
}

function commandsOf({ lock, entries, packages }: RepairPlan, transaction: string[]): string[][] {
  return [
    ...(lock === undefined ? [] : [['rm', lock]]),
    ...(entries.length === 0 ? [] : [['rm', '-r', ...entries]]),
    ...(packages.length === 0 ? [] : [transaction]),
  ]
}

/** What is not whole after the transaction: by pacman's own checks, and by the boot image. */
function verify(
  host: Host,
  pacmanConf: string,
  { dbPath, packages }: RepairPlan,
  deadline: Deadline,
): string[] {
  const problems: string[] = []
  for (const args of [['-Dk'], ['-Qkk', '--', ...packages]]) {
    const words = ['--config', pacmanConf, ...args]
    const ended = runProgram('/usr/bin/pacman', words, { timeoutMs: TRANSACTION_MS })
    if (ended.exitCode !== 0) problems.push(`pacman ${args[0]}: ${lastLines(ended)}`)
  }
  try {
    const boot = judgeNextBoot(host, dbPath, deadline).filter(({ state }) => state === 'wrong')
    problems.push(...boot.map(({ message }) => message))
  } catch (error) {
    problems.push(`the next boot: ${errorText(error)}`)
  }
  return problems
}

/** The end of what a program said. */
function lastLines(ended: { stdout: Buffer; stderr: string; timedOut: boolean }): string {
  const said = `${ended.stdout.toString()}\n${complaint(ended)}`.split('\n').filter(Boolean)
  return said.slice(-5).join('; ')
}
