import { readConfig, type Config } from '../config/config.ts'
import { errorText, SentinelError } from '../errors.ts'
import { isByHand } from '../host/caller.ts'
import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { Snapshot } from '../host/snapshot.ts'
import { write } from '../host/write.ts'
import { checkHost, type CheckReport } from '../sentinel/check.ts'
import { leaveStamp, takeFingerprint } from '../sentinel/stamp.ts'

export interface CheckOptions {
  /** override the configuration */
  overrides?: Partial<Pick<Config, 'scanner' | 'timeout'>>
  /** a path of this machine; by default the host's own file */
  configFile?: string | undefined
  root?: string | undefined
  json?: boolean | undefined
  /** collect every finding, and a hold even if no reboot is due */
  all?: boolean | undefined
}

type Render = (report: CheckReport) => string

/**
 * `check`: says whether the host must reboot. The verdict goes to stdout, but "attention" to stderr;
 * with `json` the caller prints it.
 *
 * By hand it asks for nothing: then nothing is remembered, and Kured's next check is the first.
 *
 * @param options undefined for the check of every minute. If no reboot is due, that check leaves a
 * stamp, and bin/kured-sentinel answers by itself until something changes
 * @returns the report, with the exit code for Kured
 */
export async function check(render: Render, options?: CheckOptions): Promise<CheckReport> {
  const host = new Snapshot(options?.root)
  const fingerprint = options === undefined ? takeFingerprint(host) : undefined
  const report = await lookOrNote(host, options)
  if (options?.json !== true) write(report.verdict === 'attention' ? 2 : 1, render(report))
  if (options === undefined) leaveStamp(host, report.clean ? fingerprint : undefined)
  return report
}

/** What keeps each minute's check from an answer is written to the history. */
async function lookOrNote(host: Host, options: CheckOptions | undefined): Promise<CheckReport> {
  try {
    return (await lookAt(host, options ?? {}, 'unless by hand')).report
  } catch (error) {
    if (options === undefined && !isByHand()) await noteFailure(host, errorText(error))
    throw error
  }
}

async function noteFailure(host: Host, reason: string): Promise<void> {
  try {
    const { noteAttention } = await import('../reboot/note-attention.ts')
    noteAttention(host, [reason])
  } catch {
    // The error itself counts.
  }
}

/**
 * Looks at the host as the options say.
 *
 * @param answers whether the result is an answer to Kured, or to what stands in for it
 * @returns the report, and the configuration that it rests on
 */
export async function lookAt(
  host: Host,
  { overrides, configFile, root, all = false }: CheckOptions,
  answers: false | 'unless by hand',
): Promise<{ report: CheckReport; settings: Config }> {
  const config = readConfig(configFile === undefined ? host : new Host(), configFile)
  const settings = { ...config, ...overrides }
  if (host.lstat('/proc') === undefined) {
    throw new SentinelError(`there is no host below ${root}: ${host.path('/proc')} is missing`)
  }
  if (settings.scanner === 'lsof' && host.root !== '') {
    throw new SentinelError(
      'lsof sees only the running host: do not combine the lsof scanner with --root',
    )
  }
  const deadline = new Deadline(settings.timeout)
  const seen = await checkHost(host, settings, deadline, all)
  if (seen.verdict === 'none' && !all) return { report: seen, settings }
  const { judgeAnswer } = await import('../reboot/policy.ts')
  return {
    report: await judgeAnswer(host, settings, seen, answers !== false && !isByHand(), deadline),
    settings,
  }
}
