import { isRoot } from '../host/caller.ts'
import { DEFAULTS, readConfig } from '../config/config.ts'
import { errorText, Exit, isDenied } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { databasePath, NO_CONF, readPacmanConf } from '../pacman/conf/conf.ts'
import {
  type DoctorCheck,
  type DoctorLine,
  type DoctorContext,
  type DoctorFinding,
  unknown,
  wrong,
} from './line.ts'
import type { DiagnosisState } from '../text/diagnosis.ts'

/** The findings on a host. */
export interface Examination {
  state: DiagnosisState
  exitCode: number
  lines: DoctorLine[]
  /** by the host's clock, ISO 8601 */
  checkedAt: string
  durationMs: number
}

const CODES: Record<DiagnosisState, number> = {
  ok: Exit.ok,
  unknown: 1,
  warning: 1,
  wrong: Exit.attention,
}

/** From the worst to the best. */
const STATES: readonly DiagnosisState[] = ['wrong', 'warning', 'unknown', 'ok']

/** In ms. No check may use up the time of the next ones. */
const CHECK_MS = 30_000

/**
 * Looks at everything a host needs to take part. A failing check becomes a line, so there is always
 * an answer, within the deadline.
 *
 * @param progress is called with the next area
 */
export async function examine(
  host: Host,
  checks: readonly DoctorCheck[],
  deadline: Deadline,
  progress: (area: string) => void,
): Promise<Examination> {
  const checkedAt = new Date(host.now()).toISOString()
  const surroundings = { host, isRoot: isRoot(), config: configOf(host), dbPath: dbPathOf(host) }
  const lines: DoctorLine[] = []
  // Several checks may fail for the same reason, such as a missing database.
  const failures = new Map<string, string>()
  for (const { area, look } of checks) {
    progress(area)
    const place = {
      ...surroundings,
      deadline: new Deadline(Math.min(CHECK_MS, Math.round(deadline.left()))),
    }
    const failure = (error: unknown) => failed(error, area, failures)
    for (const said of await lookAt(look, place, failure)) lines.push({ area, ...said })
  }
  const state = worst(lines)
  const durationMs = Math.round(deadline.elapsed())
  return { state, exitCode: CODES[state], lines, checkedAt, durationMs }
}

/** The state of the worst line. */
function worst(lines: DoctorLine[]): DiagnosisState {
  return STATES.find((state) => lines.some((line) => line.state === state)) ?? 'ok'
}

async function lookAt(
  look: DoctorCheck['look'],
  place: DoctorContext,
  failure: (error: unknown) => DoctorFinding,
): Promise<DoctorFinding[]> {
  if (place.deadline.limitMs === 0) return [wrong('not checked: out of time', AGAIN)]
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<DoctorFinding[]>((resolve) => {
    const message = `no answer within ${Math.ceil(place.deadline.limitMs / 1000)} s`
    // A little later than the check's own limits: its own message says more.
    timer = setTimeout(() => resolve([wrong(message, AGAIN)]), place.deadline.limitMs + 500)
  })
  try {
    return await Promise.race([Promise.resolve(place).then(look), late])
  } catch (error) {
    return [failure(error)]
  } finally {
    clearTimeout(timer)
  }
}

const AGAIN = 'check whether a server or a disk hangs, then run doctor again'

/** @param before reasons of failures so far → the area that had it first */
function failed(error: unknown, area: string, before: Map<string, string>): DoctorFinding {
  if (isDenied(error)) {
    return unknown(`could not be seen: ${errorText(error)}`, 'run it as root')
  }
  const reason = reasonOf(error)
  const same = before.get(reason)
  if (same !== undefined) return wrong(`could not be checked, for the same reason as ${same}`)
  before.set(reason, area)
  return wrong(`could not be checked: ${reason}`)
}

/** An error with its causes, if they add something. */
function reasonOf(error: unknown): string {
  const text = errorText(error)
  const cause = error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : ''
  return text.includes(cause) ? text : `${text}: ${cause}`
}

/** Problems of the file itself are reported by its own check. */
function configOf(host: Host): DoctorContext['config'] {
  try {
    return readConfig(host)
  } catch {
    return DEFAULTS
  }
}

function dbPathOf(host: Host): string {
  try {
    return databasePath(readPacmanConf(host))
  } catch {
    return databasePath(NO_CONF)
  }
}
