import type { LogLine } from '../pacman/log/log.ts'
import type { Job } from '../systemd/jobs.ts'
import { countPackages } from '../text/listed.ts'
import { findRun, type RunOutcome } from './run-outcome.ts'

/**
 * Judges a run without a record: the host went down before, or the record was killed.
 *
 * @param lines pacman.log since the run began, including later runs
 * @param sameBoot whether the host has not rebooted since
 * @param unfinished as in RunEvidence
 */
export function judgeAbandonedRun(
  job: Job,
  lines: readonly LogLine[],
  sameBoot: boolean,
  unfinished: readonly string[] | undefined,
): RunOutcome {
  const run = findRun(lines, job, 'first')
  const { end, packages = [], changes = [] } = run?.transaction ?? {}
  const changed = countPackages(packages.length)
  const interrupted = (reason: string): RunOutcome => {
    return {
      outcome: 'interrupted',
      reason,
      problems: [],
      changed: packages,
      changes,
      failures: [],
      ran: true,
    }
  }
  const what = sameBoot ? 'the run was interrupted' : 'the host went down'
  // After a power cut the end of pacman.log may be lost; the hooks' list is not.
  if (job === 'upgrade' && unfinished !== undefined && unfinished.length > 0) {
    return interrupted(
      `${what} before ${countPackages(unfinished.length)} and all hooks were finished`,
    )
  }
  if (run?.transaction === undefined) {
    return interrupted(
      `${what} ${job === 'upgrade' ? 'before pacman changed anything' : 'during the download'}`,
    )
  }
  if (end === 'completed' && (sameBoot || unfinished !== undefined)) {
    return { ...interrupted(`${changed}; result of its hooks unknown`), outcome: 'completed' }
  }
  if (end === 'completed') {
    const last = run.hooks.at(-1)
    const hooks = last === undefined ? '' : ` (last started: ${last})`
    return interrupted(`${what} after ${changed}: hooks may not have finished${hooks}`)
  }
  return interrupted(`${what} in mid-transaction, after ${changed}: their hooks did not run`)
}
