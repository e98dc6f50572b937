import { SentinelError } from '../errors.ts'
import type { Config } from '../config/config.ts'
import { callerName } from '../host/caller.ts'
import { Deadline } from '../host/deadline.ts'
import { syncDisks } from '../host/disks.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'
import { noteEvent } from '../history/note.ts'
import { readValidConf } from '../pacman/conf/valid-conf.ts'
import { askPacmanConf } from '../pacman/conf/pacman-conf.ts'
import { changeUnfinished, clearUnfinished } from '../pacman/unfinished.ts'
import { noteRepaired } from '../record/run-record.ts'
import { readLastInvocation, readRunOutput } from '../systemd/journal.ts'
import { inTransactionUnit } from '../systemd/transaction-unit.ts'
import { findHookFailures, noteStart } from './failed-hooks.ts'
import { isWhole, removableLock, type RepairPlan } from './plan.ts'
import { askDatabase, TRANSACTION_MS, verify } from './verify.ts'

export interface RepairRequest {
  pacmanConf: string
  config: Config
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

/** The name for awaitAlone(): of planning and repairing. */
export const REPAIR_LOCK = 'repair'

/** What is asked of programs other than the transaction itself. */
export const LOOK_MS = 300_000

const UNIT = 'kured-sentinel-repair'

/**
 * Repairs what a cut upgrade has left: removes its lock and its damaged entries, installs its
 * packages anew with all hooks, and verifies them. A whole host is left as it is.
 *
 * @param plan of this moment; only one repair at a time may run: REPAIR_LOCK
 * @throws SentinelError if nothing was done, because a person must decide
 */
export async function repair(
  host: Host,
  plan: RepairPlan,
  request: RepairRequest,
  deadline: Deadline,
): Promise<RepairOutcome> {
  const { pacmanConf, dryRun, force, config } = request
  const transactions = transactionsOf(pacmanConf, plan)
  const commands = commandsOf(plan, transactions)
  if (isWhole(plan)) return { ...plan, outcome: 'nothing-to-do', commands, problems: [] }
  if (dryRun) return { ...plan, outcome: 'planned', commands, problems: [] }
  if (!plan.isOwn && !force) {
    throw new SentinelError(
      'a person’s pacman was cut, and not the unattended upgrade: look at kured-sentinel repair --dry-run, then use --force',
    )
  }
  // Without its entry a package is gone for pacman: nothing but this list knows of it until the end.
  changeUnfinished(host, (names) => [...names, ...plan.packages])
  const before = plan.packages.length > 0 ? askDatabase(pacmanConf) : []
  removeLeftLock(host, plan, config, deadline)
  for (const entry of plan.entries) host.removeTree(entry)
  const problems = plan.left.map((left) => `${left}: install it anew by hand`)
  if (plan.packages.length > 0) {
    problems.push(...(await install(host, plan, request, transactions)))
    problems.push(...verify(host, pacmanConf, plan, before, new Deadline(LOOK_MS)))
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

/** Removes the plan's lock, if it has one. Throws SentinelError if there is another one now. */
export function removeLeftLock(
  host: Host,
  plan: RepairPlan,
  config: Config,
  deadline: Deadline,
): void {
  const { lock } = removableLock(host, plan.dbPath, config, deadline)
  if (lock !== plan.lock) throw new SentinelError('pacman’s lock has changed meanwhile: try again')
  if (lock !== undefined) host.remove(lock)
}

/**
 * Runs the transaction; again with --overwrite if only files of the packages that it repairs are in
 * its way: a file of a person's that another upgrade would replace stays.
 *
 * @returns what went wrong; the packages are then on the list of unfinished
 */
async function install(
  host: Host,
  { packages }: RepairPlan,
  { pacmanConf, config }: RepairRequest,
  [first = [], overwriting = []]: string[][],
): Promise<string[]> {
  const conf = readValidConf(host, pacmanConf)
  const start = noteStart(host, conf, `${UNIT}.service`, new Deadline(LOOK_MS))
  const limits = { timeoutMs: TRANSACTION_MS }
  let ended = await awaitProgram('/usr/bin/systemd-run', first.slice(1), limits)
  if (ended.exitCode !== 0) {
    const inTheWay = findConflicts(readOutput())
    const others = inTheWay.filter(({ name }) => !packages.includes(name))
    if (others.length > 0) return others.map(({ line }) => `${line}: move it away, then again`)
    if (inTheWay.length > 0) {
      ended = await awaitProgram('/usr/bin/systemd-run', overwriting.slice(1), limits)
    }
  }
  if (ended.exitCode !== 0) return [`pacman failed: journalctl -u ${UNIT}`]
  const { blockingHooks } = config
  const deadline = new Deadline(LOOK_MS)
  const failed = findHookFailures(host, conf, start, packages, blockingHooks, deadline)
  if (failed.names.length > 0) changeUnfinished(host, (names) => [...names, ...failed.names])
  return failed.problems
}

/** The output of the unit's last run. */
function readOutput(): readonly string[] {
  const deadline = new Deadline(LOOK_MS)
  const invocation = readLastInvocation(`${UNIT}.service`, 'pacman', deadline)
  return (invocation && readRunOutput(invocation, 'pacman', deadline)) || []
}

/** pacman's lines "linux: /boot/x exists in filesystem". [libalpm/conflict.c, src/pacman/sync.c] */
function findConflicts(output: readonly string[]): { name: string; line: string }[] {
  return output.flatMap((line) => {
    const [, name] = /^(\S+): \/.* exists in filesystem/.exec(line) ?? []
    return name === undefined ? [] : [{ name, line }]
  })
}

/** The word of a person that all is well: nothing counts as unfinished any more. @returns the names */
export function declareDone(host: Host): string[] {
  const names = clearUnfinished(host)
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

/** @returns the command of the transaction without --overwrite, and with it */
function transactionsOf(pacmanConf: string, { packages, dbPath }: RepairPlan): string[][] {
  const caches = packages.length === 0 ? [] : askPacmanConf(pacmanConf, 'CacheDir')
  const upgrade = [
    '/usr/bin/pacman',
    '--config',
    pacmanConf,
    '-Su',
    '--noconfirm',
    '--noprogressbar',
  ]
  return [[], ['--overwrite', '*']].map((overwrite) =>
    inTransactionUnit(
      UNIT,
      [`${dbPath}/sync`, ...caches],
      [...upgrade, ...overwrite, '--', ...packages],
    ),
  )
}

function commandsOf({ lock, entries, packages }: RepairPlan, transactions: string[][]): string[][] {
  return [
    ...(lock === undefined ? [] : [['rm', lock]]),
    ...(entries.length === 0 ? [] : [['rm', '-r', ...entries]]),
    ...(packages.length === 0 ? [] : transactions),
  ]
}
