import type { Config } from '../config/config.ts'
import { durationText } from '../config/duration.ts'
import { errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Report } from '../sentinel/check.ts'
import { unreadable, type Finding } from '../sentinel/finding.ts'
import { decide } from '../sentinel/verdict.ts'
import { assumeAsked, decideGuard, type Asked } from './guard.ts'
import { countHold, readHold } from './hold-state.ts'
import { holdText, remaining } from './hold.ts'
import { readAsked, writeAsked } from './memory.ts'
import { readMoment, type Moment } from './moment.ts'
import { collectPackages } from './packages.ts'

/**
 * Puts what the host remembers over what was just seen: reboots that did not help, a hold, the
 * least time between two boots. Not loaded by a check that has nothing to ask for.
 *
 * @param answers whether the result is an answer to Kured, which is then remembered before it is
 * given; otherwise nothing is written
 */
export function recall(host: Host, config: Config, report: Report, answers: boolean): Report {
  const seen = asSeen(report)
  const due = seen.some(({ effect }) => effect === 'reboot')
  let findings: Finding[] = []
  try {
    const now = readMoment(host)
    const guarded = due ? guard(host, seen, now, answers) : undefined
    findings = [...(guarded?.findings ?? seen), ...holds(host, now, due, answers)]
    if (rebootsBy(findings)) findings.push(...tooEarly(config, now))
    if (rebootsBy(findings)) guarded?.remember()
  } catch (error) {
    findings = [...(findings.length > 0 ? findings : seen), unreadable(errorText(error))]
  }
  return { ...report, ...decide(findings) }
}

/** The findings without what an earlier verdict said of those that did not count. */
function asSeen({ reasons, ignored }: Report): Finding[] {
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
function guard(host: Host, seen: Finding[], { bootId }: Moment, answers: boolean) {
  const packages = collectPackages(host)
  let remembered: Asked[]
  try {
    remembered = readAsked(host)
  } catch (error) {
    // Asking might be asking again. Written down, this ends with the next transaction by itself.
    remembered = assumeAsked(seen, packages)
    seen = [unreadable(`${errorText(error)}; the next check for Kured makes it anew`), ...seen]
    if (answers) attempt(() => writeAsked(host, remembered))
  }
  const { findings, asked } = decideGuard(seen, { bootId, packages }, remembered)
  const remember = () => {
    if (!answers || JSON.stringify(asked) === JSON.stringify(remembered)) return
    try {
      writeAsked(host, asked)
    } catch (error) {
      const hint = 'a reboot that cannot be remembered might be asked for at each boot, for ever'
      throw new SentinelError(`${errorText(error)}: ${hint}`, { cause: error })
    }
  }
  return { findings, remember }
}

/** The hold as a finding, while it lasts. */
function holds(host: Host, now: Moment, due: boolean, answers: boolean): Finding[] {
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

function tooEarly({ minInterval }: Config, { uptime }: Moment): Finding[] {
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
