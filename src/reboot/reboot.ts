import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { durationText } from '../text/duration.ts'
import { errorText, SentinelError } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import { syncDisks } from '../host/disks.ts'
import type { Host } from '../host/host.ts'
import { forgetUnits, rememberUnits } from '../health/baseline.ts'
import { askGoingDown } from '../systemd/going-down.ts'
import { printable } from '../text/printable.ts'
import { orderSystemd } from '../systemd/systemctl.ts'
import { passGateAnd } from './gate.ts'
import { GateNotes, readReasons } from './note-gate.ts'
import { collectBlockers, judgeBlockers, type RebootDecision } from './blockers.ts'
import { refuseKubelet } from '../skew/fit.ts'
import { announceReboot, callOffReboot } from './pending.ts'

/** systemd forces a shutdown that takes longer. [reboot.target, JobTimeoutSec=30min] */
const SHUTDOWN_MS = 1_800_000
const MARGIN_MS = 60_000
const CALL_MS = 90_000
const ASK_MS = 20_000
/** What systemd has accepted shows at once, but logind may still be at it. */
const SECOND_LOOK_MS = 1000
const LONGEST_MESSAGE = 500

/** The result of `reboot`. */
export interface RebootOutcome extends RebootDecision {
  dryRun: boolean
  waitedMs: number
}

/** Who is told of a reboot on its way. */
export interface RebootView {
  /** called with each new reason to wait */
  waiting: (reason: string) => void
  /** before the host goes down; if it throws, it does not */
  goesDown: () => Promise<void>
  /** after goesDown(), if it does not go down in the end */
  staysUp: () => Promise<void>
}

/** What `reboot` would do now. Does not wait and changes nothing. */
export async function previewReboot(
  host: Host,
  config: Config,
  byKured: boolean,
): Promise<RebootOutcome> {
  const decision = judgeBlockers(collectBlockers(host, config, byKured))
  const reason = decision.answer === 'go' ? await refuse(host) : undefined
  const answered = reason === undefined ? decision : { answer: 'attention' as const, reason }
  return { ...answered, dryRun: true, waitedMs: 0 }
}

/**
 * Reboots the host as soon as no upgrade runs, and prevents new upgrades meanwhile.
 *
 * Does not take pacman's lock: the shutdown may kill this run together with Kured's pod, and a lock
 * left behind would stop all upgrades. A pacman started by hand between the last look and the
 * shutdown is killed, usually before it has changed a package, and leaves a stale lock.
 *
 * @throws SentinelError when the reboot fails or a signal ends this run; the host then stays up, or
 * the message says that nobody knows
 */
export async function reboot(
  host: Host,
  config: Config,
  byKured: boolean,
  { waiting, goesDown, staysUp: toldOff }: RebootView,
): Promise<RebootOutcome> {
  const patience = new Deadline(config.rebootWait)
  const ended = new AbortController()
  const end = (signal: string) => ended.abort(signal)
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  signals.forEach((signal) => process.once(signal, end))
  const notes = new GateNotes(host, patience)
  let staysUp = true
  let toldOf = false
  try {
    announceReboot(host, patience.limitMs + MARGIN_MS)
    rememberUnits(host)
    const decision = await passGateAnd(
      {
        look: () => judgeBlockers(collectBlockers(host, config, byKured)),
        pause: (ms) => sleep(ms, undefined, { signal: ended.signal }),
        waiting: (reason) => {
          notes.waitedFor(reason)
          waiting(reason)
        },
      },
      patience,
      async () => {
        const refused = await refuse(host)
        if (refused !== undefined) return refused
        announceReboot(host, SHUTDOWN_MS)
        const unsynced = syncDisks(host)
        if (unsynced !== '') throw new SentinelError(`not everything is on the disk: ${unsynced}`)
        toldOf = true
        await goesDown()
        return undefined
      },
    )
    if (decision.answer === 'go') {
      const reasons = readReasons(host)
      // Before the call: the shutdown may kill this run at once.
      notes.end('down', reasons)
      const called = await callReboot(reasons)
      staysUp = called.goesDown === false
      if (called.goesDown !== true) throw new SentinelError(called.reason)
    } else notes.end(decision.answer === 'attention' ? 'attention' : 'not-now', decision.reason)
    return { ...decision, dryRun: false, waitedMs: notes.waitedMs() }
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
    if (staysUp) {
      callOffReboot(host)
      forgetUnits(host)
      if (toldOf) await toldOff()
    }
  }
}

/** What logind writes to the journal, and to the terminals. [systemctl(1), --message=] */
function shutdownMessage(reasons: string): string {
  return printable(`kured-sentinel: ${reasons}`).slice(0, LONGEST_MESSAGE)
}

/** In ms: an apiserver that does not answer holds up no reboot for longer. */
const VERSIONS_MS = 15_000

function refuse(host: Host): Promise<string | undefined> {
  return refuseKubelet(host, new Deadline(VERSIONS_MS))
}

/**
 * Exit code 0 means that systemd has accepted the reboot. Any other one does not mean that it has not:
 * systemctl may lose its connection to a systemd that is going down already, so that is asked. From
 * systemd 257 on a block inhibitor applies to root too and makes it fail; without polkit logind then
 * only says "Access denied".
 *
 * @returns goesDown, undefined where nobody can tell: the announcement then stays until it expires,
 * because an upgrade that begins now might be cut off
 */
async function callReboot(
  reasons: string,
): Promise<{ goesDown: boolean | undefined; reason: string }> {
  const reason = orderSystemd(['reboot', `--message=${shutdownMessage(reasons)}`], CALL_MS)
  if (reason === '' || askGoingDown(ASK_MS) === true) return { goesDown: true, reason: '' }
  await sleep(SECOND_LOOK_MS)
  const goesDown = askGoingDown(ASK_MS)
  const hint = /denied|inhibit/i.test(reason) ? ' (see systemd-inhibit --list)' : ''
  const unsure =
    goesDown === undefined
      ? `; systemd does not say whether the host is going down, so no upgrade begins for ${durationText(SHUTDOWN_MS)}`
      : ''
  return { goesDown, reason: `systemctl reboot failed: ${reason}${hint}${unsure}` }
}
