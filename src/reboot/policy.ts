import type { Config } from '../config/config.ts'
import { durationText } from '../text/duration.ts'
import { errorText, SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { CheckReport } from '../sentinel/check.ts'
import { ignore, spoken, unreadable, type Finding } from '../sentinel/finding.ts'
import { decide, type Verdict } from '../sentinel/verdict.ts'
import { applyBrake } from './brake.ts'
import { collectDangers } from './dangers.ts'
import { decideGuard, type RebootRequest } from './guard.ts'
import { countHold, readHold } from './hold-state.ts'
import { holdText, remaining } from './hold.ts'
import { notYetHealthy } from './health.ts'
import { noteAttention } from './note-attention.ts'
import { noteRequests, noteUseless } from './note-requests.ts'
import { readRequests, writeRequests } from './requests.ts'
import { readBootClock, type BootClock } from '../host/boot-clock.ts'

/** With count = deleted, files that no package replaced cause at most one reboot in this time. */
const DELETED_INTERVAL_MS = 86_400_000

/**
 * What Kured is answered, by what was seen: whether other hosts keep this one back, and then whether
 * its own state does. A check with nothing to ask for does not load this module.
 *
 * @param answers as of applyRebootPolicy()
 */
export async function judgeAnswer(
  host: Host,
  config: Config,
  report: CheckReport,
  answers: boolean,
  deadline: Deadline,
): Promise<CheckReport> {
  const braked = await applyBrake(host, config, report, deadline)
  return applyRebootPolicy(host, config, braked, answers, deadline)
}

/**
 * Applies the host's state to the findings: reboots that did not help, a hold, min-interval, and
 * what would make a reboot fatal.
 *
 * @param answers whether the result is an answer to Kured: requests are then stored before the
 * answer is given; otherwise nothing is written
 */
export function applyRebootPolicy(
  host: Host,
  config: Config,
  report: CheckReport,
  answers: boolean,
  deadline: Deadline,
): CheckReport {
  let findings = asSeen(report)
  const due = rebootsBy(findings) || findings.some(({ effect }) => effect === 'reboot')
  try {
    const now = readBootClock(host)
    findings = findings.map((finding) => notYet(finding, now))
    const guarded = due ? guard(host, findings, now, answers) : undefined
    findings = [...(guarded?.findings ?? findings), ...holds(host, now, due, answers)]
    if (rebootsBy(findings)) findings.push(...tooEarly(config, now))
    if (rebootsBy(findings)) findings.push(...notYetHealthy(host, config, now))
    if (rebootsBy(findings)) findings.push(...collectDangers(host, deadline))
    else if (!answers && !due) findings.push(...knownDangers(host, deadline))
    if (rebootsBy(findings)) guarded?.remember()
    if (answers) attempt(() => noteUseless(host, findings, now.bootId))
  } catch (error) {
    findings = [...findings, unreadable(errorText(error))]
  }
  const verdict = decide(findings)
  if (answers) attempt(() => noteOthers(host, verdict, report.bootId))
  return { ...report, ...verdict }
}

/** Useless reboots and a node that is not well are events of their own. */
function noteOthers(host: Host, { verdict, reasons }: Verdict, bootId: string): void {
  const others = reasons.filter(
    ({ kind, askedIn = bootId }) => kind !== 'health' && askedIn === bootId,
  )
  if (verdict === 'attention' && others.length > 0) {
    noteAttention(host, others.map(spoken))
  }
}

/** The findings without the reasons that an earlier verdict gave to those it did not count. */
function asSeen({ reasons, ignored }: CheckReport): Finding[] {
  const unjudged = ({ why: _, ...finding }: Finding) => finding
  return [
    ...reasons,
    ...ignored.map((finding) => (finding.effect === 'none' ? finding : unjudged(finding))),
  ]
}

/** A person is told of a danger also before a reboot is due, but not of what cannot be seen. */
function knownDangers(host: Host, deadline: Deadline): Finding[] {
  return collectDangers(host, deadline)
    .filter(({ kind }) => kind !== 'unreadable')
    .map((danger) => ignore(danger, 'no reboot is due'))
}

function rebootsBy(findings: Finding[]): boolean {
  return decide(findings).verdict === 'reboot'
}

/** Applies the guard; `remember` stores the requests. */
function guard(host: Host, seen: Finding[], { bootId }: BootClock, answers: boolean) {
  const remembered = readRemembered(host)
  const { findings, requests } = decideGuard(seen, bootId, remembered)
  const isNews = answers && JSON.stringify(requests) !== JSON.stringify(remembered)
  // Requests that may have been made are stored at once: the next check must see the same.
  if (isNews && remembered === undefined) attempt(() => writeRequests(host, requests))
  const remember = () => {
    if (!isNews) return
    try {
      writeRequests(host, requests)
      noteRequests(host, { findings, requests }, bootId)
    } catch (error) {
      const hint = 'a request that is not stored could be repeated at each boot, for ever'
      throw new SentinelError(`${errorText(error)}: ${hint}`, { cause: error })
    }
  }
  return { findings, remember }
}

/** The stored requests; undefined when they are lost. */
function readRemembered(host: Host): RebootRequest[] | undefined {
  try {
    return readRequests(host)
  } catch {
    return undefined
  }
}

/** A program that unpacks and deletes files under new names must not cause a reboot each boot. */
function notYet(finding: Finding, { uptime }: BootClock): Finding {
  if (finding.effect !== 'reboot' || finding.byPacman !== false || finding.kind === 'kernel') {
    return finding
  }
  const left = DELETED_INTERVAL_MS - uptime
  if (left <= 0) return finding
  return ignore(finding, `not replaced by pacman: counts in ${durationText(left)}`)
}

/** The active hold as a finding. */
function holds(host: Host, now: BootClock, due: boolean, answers: boolean): Finding[] {
  try {
    const hold = readHold(host)
    if (hold === undefined) return []
    if (answers) attempt(() => countHold(host, hold, now))
    if (remaining(hold, now) <= 0) return []
    return [{ kind: 'hold', effect: 'held', message: holdText(hold, now) }]
  } catch (error) {
    if (!due) return [{ ...unreadable(errorText(error)), effect: 'none', why: 'no reboot is due' }]
    return [unreadable(`a hold exists, but ${errorText(error)}: set it again or release it`)]
  }
}

function tooEarly({ minInterval }: Config, { uptime }: BootClock): Finding[] {
  if (uptime >= minInterval) return []
  const message = `booted ${durationText(uptime)} ago: no reboot for another ${durationText(minInterval - uptime)} (min-interval = ${durationText(minInterval)})`
  return [{ kind: 'interval', effect: 'held', message }]
}

/** For writes that may fail: the older state that stays then allows no more than the new one. */
function attempt(write: () => void): void {
  try {
    write()
  } catch {
    // The older state stays.
  }
}
