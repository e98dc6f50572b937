import type { Host } from '../host/host.ts'
import { readLog } from '../pacman/log/log.ts'
import type { Job } from '../systemd/jobs.ts'
import { type RunStart, writeRunStart } from './run-start.ts'
import { logPathOf, recordAbandonedRun } from './record.ts'
import type { RunRecord } from './run-record.ts'

/**
 * Leaves what the record of this run needs to know, and closes the run before where that was lost.
 *
 * @param invocationId of the run that begins
 * @returns the record of a run that was lost, if there was one
 * @throws SentinelError where the state cannot be written; the run must then not begin
 */
export function recordStart(
  host: Host,
  pacmanConf: string,
  { job, verdict, reason }: Pick<RunStart, 'verdict' | 'reason'> & { job: Job },
  invocationId: string,
): RunRecord | undefined {
  const lost = recordAbandonedRun(host, job, pacmanConf, invocationId)
  writeRunStart(host, job, {
    invocationId,
    bootId: host.bootId(),
    startedAt: new Date(host.now()).toISOString(),
    verdict,
    reason,
    log: readLog(host, logPathOf(host, pacmanConf)).end,
  })
  return lost
}
