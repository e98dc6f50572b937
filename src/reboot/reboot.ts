import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { durationText } from '../text/duration.ts'
import { errorText, SentinelError } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { printable } from '../text/printable.ts'
import { orderSystemd } from '../systemd/systemctl.ts'
import { passGate } from './gate.ts'
import { GateNotes, readReasons } from './note-gate.ts'
import { collectBlockers, judgeBlockers, type RebootDecision } from './blockers.ts'
import { announceReboot, callOffReboot } from './pending.ts'

/** systemd forces a shutdown that takes longer. [reboot.target, JobTimeoutSec=30min] */
const SHUTDOWN_MS = 1_800_000
const MARGIN_MS = 60_000
const CALL_MS = 90_000
const LONGEST_MESSAGE = 500

/** The result of `reboot`. */
export interface RebootOutcome extends RebootDecision {
  dryRun: boolean
  waitedMs: number
}

/** What `reboot` would do now. Does not wait and changes nothing. */
export function previewReboot(host: Host, config: Config, byKured: boolean): RebootOutcome {
  const decision = judgeBlockers(collectBlockers(host, config, byKured))
  return { ...decision, dryRun: true, waitedMs: 0 }
}

/**
 * Reboots the host as soon as no upgrade runs, and prevents new upgrades meanwhile.
 *
 * Does not take pacman's lock: the shutdown may kill this run together with Kured's pod, and a lock
 * left behind would stop all upgrades. A pacman started by hand between the last look and the
 * shutdown is killed, usually before it has changed a package, and leaves a stale lock.
 *
 * @param waiting called with each new reason to wait
 * @throws SentinelError when the reboot fails or a signal ends this run; the host then stays up
 */
export async function reboot(
  host: Host,
  config: Config,
  byKured: boolean,
  waiting: (reason: string) => void,
): Promise<RebootOutcome> {
  const patience = new Deadline(config.rebootWait)
  const ended = new AbortController()
  const end = (signal: string) => ended.abort(signal)
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  signals.forEach((signal) => process.once(signal, end))
  const notes = new GateNotes(host, patience)
  let goesDown = false
  try {
    announceReboot(host, patience.limitMs + MARGIN_MS)
    const decision = await passGate(
      {
        look: () => judgeBlockers(collectBlockers(host, config, byKured)),
        pause: (ms) => sleep(ms, undefined, { signal: ended.signal }),
        waiting: (reason) => {
          notes.waitedFor(reason)
          waiting(reason)
        },
      },
      patience,
    )
    if (decision.answer === 'go') {
      announceReboot(host, SHUTDOWN_MS)
      const reasons = readReasons(host)
      // Before the call: the shutdown may kill this run at once.
      notes.end('down', reasons)
      callReboot(reasons)
      goesDown = true
    } else notes.end(decision.answer === 'attention' ? 'attention' : 'not-now', decision.reason)
    return { ...decision, dryRun: false, waitedMs: Math.round(patience.elapsed()) }
  } catch (error) {
    const shown = ended.signal.aborted
      ? new SentinelError(
          `ended by ${String(ended.signal.reason)} after ${durationText(patience.elapsed())}: no reboot`,
        )
      : error
    notes.end('failed', errorText(shown))
    throw shown
  } finally {
    signals.forEach((signal) => process.off(signal, end))
    if (!goesDown) callOffReboot(host)
  }
}

/** What logind writes to the journal, and to the terminals. [systemctl(1), --message=] */
function shutdownMessage(reasons: string): string {
  return printable(`kured-sentinel: ${reasons}`).slice(0, LONGEST_MESSAGE)
}

/**
 * Exit code 0 means that systemd has accepted the reboot. From systemd 257 on a block inhibitor
 * applies to root too and makes it fail; without polkit logind then only says "Access denied".
 */
function callReboot(reasons: string): void {
  const reason = orderSystemd(['reboot', `--message=${shutdownMessage(reasons)}`], CALL_MS)
  if (reason === '') return
  const hint = /denied|inhibit/i.test(reason) ? ' (see systemd-inhibit --list)' : ''
  throw new SentinelError(`systemctl reboot failed: ${reason}${hint}`)
}
