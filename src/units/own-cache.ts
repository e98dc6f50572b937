import type { Host } from '../host/host.ts'
import { type Job, UNITS } from '../systemd/jobs.ts'
import { below, inEtc } from './unit-files.ts'

/** Whether a service was written with --local: its host has databases and packages on its own disk. */
export function isWrittenLocal(job: Job, text: string): boolean {
  return new RegExp(`^ExecCondition=.* preflight ${job} .*--local`, 'm').test(text)
}

/**
 * Whether the job's service on this host was written with --local; not, if there is none.
 *
 * @throws SentinelError if its file cannot be read
 */
export function hasOwnCache(host: Host, job: Job): boolean {
  const unit = inEtc(host, UNITS[job]) ?? below(host, UNITS[job])
  return unit !== undefined && isWrittenLocal(job, unit.text)
}
