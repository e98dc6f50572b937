import { readConfig } from '../config/config.ts'
import { Exit } from '../errors.ts'
import { isRunByKured, mustBeRoot } from '../host/caller.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import type { RebootAnswer } from '../reboot/blockers.ts'
import { previewReboot, reboot, type RebootOutcome } from '../reboot/reboot.ts'
import { durationText } from '../text/duration.ts'
import { printableJson, printableLines } from '../text/printable.ts'

interface RebootOptions {
  json: true | undefined
  dryRun: true | undefined
  /** in ms; overrides the configuration */
  wait: number | undefined
  configFile: string | undefined
}

const CODES: Record<RebootAnswer, number> = {
  go: Exit.reboot,
  wait: Exit.none,
  'not-now': Exit.none,
  attention: Exit.attention,
}

/**
 * `reboot`: reboots the host, or says why not.
 *
 * @returns 0 when the host goes down; 1 for "not now"; 2 when a person should look
 */
export async function rebootHost({
  json,
  dryRun,
  wait,
  configFile,
}: RebootOptions): Promise<number> {
  mustBeRoot('a reboot')
  const host = new Host()
  const config = readConfig(host, configFile)
  const settings = { ...config, ...(wait !== undefined && { rebootWait: wait }) }
  const byKured = isRunByKured()
  const say = (reason: string) => write(2, renderWaiting(reason, settings.rebootWait))
  const ending = dryRun
    ? await previewReboot(host, settings, byKured)
    : await reboot(host, settings, byKured, say)
  const exitCode = CODES[ending.answer]
  if (json) write(1, printableJson({ ...ending, exitCode }))
  else write(ending.answer === 'go' ? 1 : 2, renderEnding(ending))
  return exitCode
}

/** The outcome in one line. */
function renderEnding(ending: RebootOutcome): string {
  return printableLines([describe(ending)])
}

function renderWaiting(reason: string, waitMs: number): string {
  return printableLines([`waiting for up to ${durationText(waitMs)}: ${reason}`])
}

function describe({ answer, reason, dryRun, waitedMs }: RebootOutcome): string {
  if (answer === 'go') {
    if (dryRun) return 'would reboot now'
    const waited = waitedMs < 1000 ? '' : `, after waiting for ${durationText(waitedMs)}`
    return `rebooting${waited}`
  }
  if (answer === 'wait') return `would wait: ${reason}`
  return `${dryRun ? 'would refuse' : 'no reboot'}: ${reason}`
}
