import { readConfig } from '../config/config.ts'
import type { Answer } from '../envelope/commands.ts'
import { plainFinding, type State } from '../envelope/envelope.ts'
import { Exit, SentinelError } from '../errors.ts'
import { isRunByKured, mustBeRoot } from '../host/caller.ts'
import { askYes, hasTerminal } from '../host/confirm.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import type { RebootAnswer } from '../reboot/blockers.ts'
import { warnOfRebootByHand } from '../reboot/by-hand.ts'
import { previewReboot, reboot, type RebootOutcome } from '../reboot/reboot.ts'
import { tellGoingDown, tellStaysUp } from '../report/tell-fleet.ts'
import { durationText } from '../text/duration.ts'
import { printableLines } from '../text/printable.ts'

interface RebootOptions {
  json: true | undefined
  dryRun: true | undefined
  /** in ms; overrides the configuration */
  wait: number | undefined
  /** a person's word, given before */
  yes: true | undefined
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
 * Its exit codes: 0 when the host goes down, 1 for "not now", 2 when a person should look.
 */
export async function rebootHost({
  json,
  dryRun,
  wait,
  yes,
  configFile,
}: RebootOptions): Promise<Answer<'reboot'>> {
  mustBeRoot('a reboot')
  const host = new Host()
  const config = readConfig(host, configFile)
  const settings = { ...config, ...(wait !== undefined && { rebootWait: wait }) }
  const byKured = isRunByKured()
  const warning = byKured || yes ? undefined : await warnOfRebootByHand(host, settings)
  if (warning !== undefined && !dryRun && !(await isMeant(warning))) {
    return rebootAnswer({ answer: 'not-now', reason: warning, dryRun: false, waitedMs: 0 }, warning)
  }
  const ending = dryRun
    ? await previewReboot(host, settings, byKured)
    : await reboot(host, settings, byKured, {
        waiting: (reason) => write(2, renderWaiting(reason, settings.rebootWait)),
        goesDown: () => tellGoingDown(host, settings),
        staysUp: async () => warn(await tellStaysUp(host, settings)),
      })
  if (dryRun && warning !== undefined) write(2, printableLines([`would ask first: ${warning}`]))
  if (!json) write(ending.answer === 'go' ? 1 : 2, renderEnding(ending))
  return rebootAnswer(ending, warning)
}

const STATES: Record<RebootAnswer, State> = {
  go: 'due',
  wait: 'waiting',
  'not-now': 'waiting',
  attention: 'wrong',
}

function rebootAnswer(ending: RebootOutcome, warning: string | undefined): Answer<'reboot'> {
  const { answer, reason } = ending
  return {
    verdict: answer,
    exitCode: CODES[answer],
    findings: [
      plainFinding(STATES[answer], 'reboot', reason || describe(ending)),
      ...(warning === undefined ? [] : [plainFinding('warning', 'by-hand', warning)]),
    ],
    details: { ...ending, warning },
  }
}

/** @throws SentinelError where nobody can be asked */
async function isMeant(warning: string): Promise<boolean> {
  if (!hasTerminal()) {
    throw new SentinelError(`no reboot: ${warning}. If it is meant all the same: --yes`)
  }
  write(2, printableLines([warning]))
  const meant = await askYes('Reboot this host now?')
  if (!meant) write(2, 'no reboot\n')
  return meant
}

function warn(problem: string): void {
  if (problem !== '') write(2, printableLines([`warning: ${problem}`]))
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
