import { errorText, SentinelError } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import { awaitAlone } from '../host/flock.ts'
import type { Host } from '../host/host.ts'
import type { Config } from '../config/config.ts'
import { findDamaged } from '../pacman/database/local.ts'
import { readValidConf } from '../pacman/conf/valid-conf.ts'
import { describeCut, readUnfinished } from '../pacman/unfinished.ts'
import { recordAbandonedRun } from '../record/record.ts'
import { readRunRecord, type RunRecord } from '../record/run-record.ts'
import { isWhole, planRepair } from '../repair/plan.ts'
import { LOOK_MS, removeLeftLock, repair, REPAIR_LOCK } from '../repair/repair.ts'
import { readState, writeState } from '../state/store.ts'
import { type PreflightFinding, stops } from './check.ts'
import type { Context } from './context.ts'

const CHECK = 'whole'
const ADVICE = 'kured-sentinel repair'

/** Damaged entries stop every transaction that touches them; unfinished packages only warn. */
export function checkWhole({ host, dbPath }: Context): PreflightFinding[] {
  const damaged = findDamaged(host, dbPath)
  const said = describeCut(readUnfinished(host), damaged)
  if (said.length === 0) return [{ check: CHECK, result: 'ok', message: 'no upgrade was cut' }]
  const result = damaged.length > 0 ? 'act' : 'warning'
  return [{ check: CHECK, result, message: said.join('; '), advice: ADVICE }]
}

/** So often is one cut repaired. */
const MOST_ATTEMPTS = 2

/** In ms: a repair that somebody has begun takes as long as its packages. */
const LOCK_MS = 2000

/** @param isDamaged whether pacman's own entries are: it can plan nothing then */
export type RepairGuard = (isDamaged: boolean) => Promise<PreflightFinding[]>

/** What was done before a run, and the record of an earlier run, if none had been made. */
export interface Before {
  findings: PreflightFinding[]
  lost?: RunRecord | undefined
}

/**
 * Records an earlier upgrade that was cut off, and repairs what the unattended upgrade itself has
 * left. It does so at most twice for one cut; the count is on the disk before each attempt.
 *
 * @param invocationId of the run that begins
 * @param guard what else keeps an upgrade from beginning keeps a repair too, which is one
 */
export async function repairBefore(
  host: Host,
  readConfig: () => Config,
  pacmanConf: string,
  invocationId: string,
  guard: RepairGuard,
): Promise<Before> {
  let lost: RunRecord | undefined
  try {
    const config = readConfig()
    lost = recordAbandonedRun(host, 'upgrade', readValidConf(host, pacmanConf), invocationId)
    const mend = () => repairOwn(host, config, pacmanConf, guard)
    return { lost, findings: config.repair ? await awaitAlone(REPAIR_LOCK, LOCK_MS, mend) : [] }
  } catch (error) {
    if (!(error instanceof SentinelError)) throw error
    // A pacman at work, or a database that cannot be read: the checks that follow say so too.
    const message = `no repair: ${errorText(error)}`
    return { lost, findings: [{ check: CHECK, result: 'warning', message }] }
  }
}

async function repairOwn(
  host: Host,
  config: Config,
  pacmanConf: string,
  guard: RepairGuard,
): Promise<PreflightFinding[]> {
  const deadline = new Deadline(LOOK_MS)
  let plan = planRepair(host, pacmanConf, config, deadline)
  if (isWhole(plan) || !plan.isOwn) return []
  const { lock: _, ...installing } = plan
  if (!isWhole(installing)) {
    // Beside a lock nothing can be planned.
    removeLeftLock(host, plan, config, deadline)
    plan = installing
    const obstacle = (await guard(plan.entries.length > 0)).find(stops)
    if (obstacle !== undefined) return [obstacle]
  }
  const record = readRunRecord(host, 'upgrade')
  const cut = (record?.lastEnd ?? record)?.invocationId ?? ''
  const attempts = attemptsFor(host, cut) + 1
  if (attempts > MOST_ATTEMPTS) {
    return [act(`the upgrade that was cut was repaired ${MOST_ATTEMPTS} times, in vain`)]
  }
  writeState(host, 'repair', { cut, attempts })
  const request = { pacmanConf, config, dryRun: false, force: false }
  const { outcome, problems, packages } = await repair(host, plan, request, deadline)
  if (outcome === 'failed') return [act(`not repaired: ${problems.join('; ')}`)]
  const message = `the upgrade that was cut is repaired (${packages.length} packages installed anew)`
  return [{ check: CHECK, result: 'ok', message }]
}

function act(message: string): PreflightFinding {
  return { check: CHECK, result: 'act', message, advice: ADVICE }
}

function attemptsFor(host: Host, cut: string): number {
  try {
    const state = readState(host, 'repair')
    return state?.['cut'] === cut && typeof state['attempts'] === 'number' ? state['attempts'] : 0
  } catch {
    return 0
  }
}
