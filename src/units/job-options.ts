import type { Host } from '../host/host.ts'
import { execWords } from '../systemd/escape.ts'
import { type Job, UNITS } from '../systemd/jobs.ts'
import { valuesOf } from './directives.ts'
import { below, dropIns, inEtc } from './unit-files.ts'

/** What a job's service tells the preflight. */
export interface JobOptions {
  /** the host has databases and packages on its own disk */
  local: boolean
  allowDownload: boolean
  /** the directories that must be mounted, where they are not pacman's usual ones */
  syncDir?: string | undefined
  cacheDir?: string | undefined
}

/** Reads them from the text of a service; of one that asks no preflight there are none. */
export function parseJobOptions(job: Job, text: string): JobOptions {
  const words = valuesOf(text, 'ExecCondition')
    .map(execWords)
    .findLast((line) => line[1] === 'preflight' && line[2] === job)
  const after = (option: string) => {
    const at = words?.lastIndexOf(option) ?? -1
    return at < 0 ? undefined : words?.[at + 1]
  }
  return {
    local: words?.includes('--local') ?? false,
    allowDownload: words?.includes('--allow-download') ?? false,
    syncDir: after('--sync-dir'),
    cacheDir: after('--cache-dir'),
  }
}

/**
 * What the job's service on this host tells the preflight, drop-ins included.
 *
 * @throws SentinelError if its file cannot be read
 */
export function readJobOptions(host: Host, job: Job): JobOptions {
  const unit = inEtc(host, UNITS[job]) ?? below(host, UNITS[job])
  const changed = dropIns(host, UNITS[job]).map((path) => host.readText(path))
  return parseJobOptions(job, [unit?.text ?? '', ...changed].join('\n'))
}
