import type { Config } from '../config/config.ts'
import { durationText } from '../text/duration.ts'
import { errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { CheckReport } from '../sentinel/check.ts'
import { ignore, unreadable, type Finding } from '../sentinel/finding.ts'
import { decide } from '../sentinel/verdict.ts'
import { decideGuard, type RebootRequest } from './guard.ts'
import { countHold, readHold } from './hold-state.ts'
import { holdText, remaining } from './hold.ts'
import { readRequests, writeRequests } from './requests.ts'
import { readBootClock, type BootClock } from '../host/boot-clock.ts'

/** With count = deleted, what no package has replaced asks for one reboot in this time at most. */
const DELETED_INTERVAL_MS = 86_400_000

/**
 * Puts what the host remembers over what was just seen: reboots that did not help, a hold, the
 * least time between two boots. Not loaded by a check that has nothing to ask for.
 *
 * @param answers whether the result is an answer to Kured, which is then remembered before it is
 * given; otherwise nothing is written
 */
export function applyRebootPolicy(
  host: Host,
  config: Config,
  report: CheckReport,
  answers: boolean,
): CheckReport {
  let findings = asSeen(report)
  const due = rebootsBy(findings) || findings.some(({ effect }) => effect === 'reboot')
  try {
    const now = readBootClock(host)
    findings = findings.map((finding) => notYet(finding, now))
    const guarded = due ? guard(host, findings, now, answers) : undefined
    findings = [...(guarded?.findings ?? findings), ...holds(host, now, due, answers)]
    if (rebootsBy(findings)) findings.push(...tooEarly(config, now))
    if (rebootsBy(findings)) guarded?.remember()
  } catch (error) {
    findings = [...findings, unreadable(errorText(error))]
  }
  return { ...report, ...decide(findings) }
}

/** The findings without what an earlier verdict said of those that did not count. */
function asSeen({ reasons, ignored }: CheckReport): Finding[] {
  const unjudged = ({ why: _, ...finding }: Finding) => finding
  return [
    ...reasons,
    ...ignored.map((finding) => (finding.effect === 'none' ? finding : unjudged(finding))),
  ]
}

function rebootsBy(findings: Finding[]): boolean {
  return decide(findings).verdict === 'reboot'
}

/** What a guard makes of the findings, and how to remember what is asked for now. */
function guard(host: Host, seen: Finding[], { bootId }: BootClock, answers: boolean) {
  const remembered = readRemembered(host)
  const { findings, requests } = decideGuard(seen, bootId, remembered)
  const isNews = answers && JSON.stringify(requests) !== JSON.stringify(remembered)
  // What may have been asked for stays so, however often one looks.
  if (isNews && remembered === undefined) attempt(() => writeRequests(host, requests))
  const remember = () => {
    if (!isNews) return
    try {
      writeRequests(host, requests)
    } catch (error) {
      const hint = 'a reboot that cannot be remembered might be asked for at each boot, for ever'
      throw new SentinelError(`${errorText(error)}: ${hint}`, { cause: error })
    }
  }
  return { findings, remember }
}

/** undefined where that is lost. */
function readRemembered(host: Host): RebootRequest[] | undefined {
  try {
    return readRequests(host)
  } catch {
    return undefined
  }
}

/** A program that unpacks and deletes files under new names must not cost a reboot at each boot. */
function notYet(finding: Finding, { uptime }: BootClock): Finding {
  if (finding.effect !== 'reboot' || finding.byPacman !== false || finding.kind === 'kernel') {
    return finding
  }
  const left = DELETED_INTERVAL_MS - uptime
  if (left <= 0) return finding
  return ignore(finding, `no package has replaced it: it counts ${durationText(left)} from now`)
}

/** The hold as a finding, while it lasts. */
function holds(host: Host, now: BootClock, due: boolean, answers: boolean): Finding[] {
  try {
    const hold = readHold(host)
    if (hold === undefined) return []
    if (answers) attempt(() => countHold(host, hold, now))
    if (remaining(hold, now) <= 0) return []
    return [{ kind: 'hold', effect: 'held', message: holdText(hold, now) }]
  } catch (error) {
    if (!due) return [{ ...unreadable(errorText(error)), effect: 'none', why: 'nothing is due' }]
    return [unreadable(`there is a hold, and ${errorText(error)}: set it anew, or release it`)]
  }
}

function tooEarly({ minInterval }: Config, { uptime }: BootClock): Finding[] {
  if (uptime >= minInterval) return []
  const message = `booted ${durationText(uptime)} ago: no reboot for another ${durationText(minInterval - uptime)} (min-interval = ${durationText(minInterval)})`
  return [{ kind: 'interval', effect: 'held', message }]
}

/** Where failing means that an older state stays, which allows no more than the new one. */
function attempt(write: () => void): void {
  try {
    write()
  } catch {
    // As said.
  }
}
