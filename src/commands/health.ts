import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig, type Config } from '../config/config.ts'
import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { Exit, SentinelError } from '../errors.ts'
import { forgetUnits } from '../health/baseline.ts'
import { type HealthLook, lookAtHealth } from '../health/look.ts'
import { readHealth, writeHealth, type HealthVerdict } from '../health/state.ts'
import { watchHealth } from '../health/watch.ts'
import { noteBoot, noteEvent } from '../history/note.ts'
import { readBootClock } from '../host/boot-clock.ts'
import { callerName, mustBeRoot } from '../host/caller.ts'
import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { Snapshot } from '../host/snapshot.ts'
import { write } from '../host/write.ts'
import { applyRebootPolicy } from '../reboot/policy.ts'
import { FleetNews } from '../report/fleet-news.ts'
import { checkHost } from '../sentinel/check.ts'
import { withProgress } from '../terminal/progress.ts'
import { printableLines } from '../text/printable.ts'

interface HealthOptions {
  json: boolean
  wait: boolean
  accept: boolean
  configFile: string | undefined
}

const CODES: Record<HealthVerdict, number> = {
  healthy: Exit.ok,
  accepted: Exit.ok,
  pending: Exit.none,
  unhealthy: Exit.attention,
}

/**
 * `health`: whether the node is well since its boot. Without options it looks once, and writes
 * nothing.
 *
 * Its exit codes: 0 well, 1 not known yet, 2 not well.
 */
export async function runHealth({
  json,
  wait,
  accept,
  configFile,
}: HealthOptions): Promise<Answer<'health'>> {
  mustBeRoot('a look at the health')
  const host = new Host()
  if (accept) {
    const answer = acceptHealth(host, json)
    await new FleetNews(host, () => readConfig(host, configFile), warn).tell()
    return answer
  }
  const config = readConfig(host, configFile)
  if (wait) {
    const verdict = await watch(host, config)
    return { verdict, exitCode: Exit.ok, findings: [], details: { accepted: false } }
  }
  const seen = await withProgress('looking whether the node is well', () =>
    lookAtHealth(host, config, {}),
  )
  const verdict = verdictNow(readHealth(host)?.verdict, seen)
  if (!json) write(1, render(verdict, seen))
  const { reasons, unknown } = seen
  return {
    verdict,
    exitCode: CODES[verdict],
    findings: [
      ...reasons.map((reason) => plainFinding('wrong', 'health', reason)),
      ...unknown.map((what) => plainFinding('unknown', 'health', what)),
    ],
    details: { accepted: false },
  }
}

/** The verdict of this boot, and what is seen now where there is none. */
function verdictNow(known: HealthVerdict | undefined, { reasons }: HealthLook): HealthVerdict {
  if (known !== undefined) return known
  return reasons.length === 0 ? 'healthy' : 'unhealthy'
}

const HEADINGS: Record<HealthVerdict, string> = {
  healthy: 'healthy',
  accepted: 'accepted by a person as it is',
  pending: 'pending: it is too early to tell',
  unhealthy:
    'unhealthy: no reboot is asked for until this is mended, or kured-sentinel health --accept',
}

function render(verdict: HealthVerdict, { reasons, unknown }: HealthLook): string {
  return printableLines([
    HEADINGS[verdict],
    ...reasons.map((reason) => `  ${reason}`),
    ...unknown.map((what) => `  unknown: ${what}`),
  ])
}

/** The word of a person ends unhealthy, for this boot. */
function acceptHealth(host: Host, json: boolean): Answer<'health'> {
  const known = readHealth(host)
  if (known === undefined || known.verdict === 'healthy' || known.verdict === 'accepted') {
    if (!json) write(1, 'there is nothing to accept\n')
    const verdict = known?.verdict ?? 'unwatched'
    return { verdict, exitCode: Exit.ok, findings: [], details: { accepted: false } }
  }
  writeHealth(host, { ...known, verdict: 'accepted' })
  forgetUnits(host)
  noteEvent(host, { kind: 'health', verdict: 'accepted', reasons: known.reasons, by: callerName() })
  const { reasons } = known
  if (!json) {
    write(1, printableLines(['accepted as it is:', ...reasons.map((reason) => `  ${reason}`)]))
  }
  const findings = reasons.map((reason) => plainFinding('note', 'health', reason))
  return { verdict: 'accepted', exitCode: Exit.ok, findings, details: { accepted: true } }
}

function warn(problem: string): void {
  write(2, printableLines([`warning: ${problem}`]))
}

/** After the last look, how often the fleet is tried to be told in vain. */
const ATTEMPTS = 20

/** For the unit: until the node is well, or a person accepts it as it is. */
async function watch(host: Host, config: Config): Promise<HealthVerdict> {
  noteBoot(host, await askHelped(config))
  const { bootId, uptime: since } = readBootClock(host)
  const uptime = () => readBootClock(host).uptime
  const news = new FleetNews(host, () => config, warn)
  const verdict = await watchHealth(
    {
      uptime,
      look: (earlier) => lookAtHealth(host, config, earlier),
      pause: async (ms) => {
        await news.again()
        await sleep(ms)
      },
      read: () => readHealth(host),
      write: async (next, reasons) => {
        const before = readHealth(host)
        writeHealth(host, { bootId, verdict: next, reasons, since: before?.since ?? since })
        write(2, printableLines([[next, ...reasons].join('; ')]))
        if (next === 'healthy' || (next === 'unhealthy' && before?.verdict !== 'unhealthy')) {
          noteEvent(host, { kind: 'health', verdict: next, reasons, by: callerName() })
        }
        await news.tell()
      },
    },
    config,
  )
  forgetUnits(host)
  write(2, `${verdict}\n`)
  for (let attempt = 0; attempt < ATTEMPTS && !(await news.again()); attempt += 1) {
    await sleep(config.healthEvery)
  }
  return verdict
}

/** Whether this boot cleared what a reboot was asked for in the last one, as the check sees it. */
async function askHelped(config: Config): Promise<'yes' | 'no' | 'unknown'> {
  const host = new Snapshot()
  const deadline = new Deadline(config.timeout)
  try {
    const bootId = host.bootId()
    const report = await checkHost(host, config, deadline, false)
    const { reasons } = applyRebootPolicy(host, config, report, false, deadline)
    if (reasons.some(({ askedIn = bootId }) => askedIn !== bootId)) return 'no'
    return report.verdict === 'attention' ? 'unknown' : 'yes'
  } catch (error) {
    if (error instanceof SentinelError) return 'unknown'
    throw error
  }
}
