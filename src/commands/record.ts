import { readConfig } from '../config/config.ts'
import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { Exit } from '../errors.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { settleAttempts } from '../record/attempts.ts'
import { lastRecord, recordRun } from '../record/record.ts'
import type { RunRecord } from '../record/run-record.ts'
import { tryTellFleet } from '../report/tell-fleet.ts'
import type { Job } from '../systemd/jobs.ts'
import { shortened } from '../text/listed.ts'
import { printable } from '../text/printable.ts'

/**
 * `record`: records how the job's run ended.
 *
 * Its exit code is 1 if a person should look: the unit then fails, also where pacman has ended with 0
 */
export async function runRecord(
  job: Job,
  { json, pacmanConf }: { json?: true | undefined; pacmanConf: string },
): Promise<Answer<'record upgrade'>> {
  const host = new Host()
  const before = lastRecord(host, job)
  const record = recordRun(host, job, pacmanConf, process)
  const tired = job === 'download' ? await settleAttempts(host, pacmanConf, record, before) : ''
  if (!json) write(2, renderRecord(record))
  if (tired !== '') write(2, journalLine('warning', tired))
  // Each night, also after a run that was skipped: so a row is never much older than a day.
  const what = { withPackages: true }
  const untold = job === 'upgrade' ? await tryTellFleet(host, () => readConfig(host), what) : ''
  if (untold !== '') write(2, journalLine('warning', untold))
  return recordAnswer(record, [tired, untold])
}

/**
 * The run as `record --json` prints it.
 *
 * @param more what a person should hear of beside the run; '' is nothing
 */
export function recordAnswer(record: RunRecord, more: readonly string[]): Answer<'record upgrade'> {
  const { job, outcome, reason, problems } = record
  const isBad = outcome === 'failed' || outcome === 'interrupted'
  const state = isBad ? 'wrong' : outcome === 'skipped' ? 'waiting' : 'ok'
  return {
    verdict: outcome,
    exitCode: isBad || problems.length > 0 ? Exit.none : Exit.ok,
    findings: [
      plainFinding(state, job, reason || outcome),
      ...problems.map((problem) => plainFinding('wrong', 'hook', problem)),
      ...more.filter(Boolean).map((text) => plainFinding('warning', 'report', text)),
    ],
    details: record,
  }
}

/** Problems shown in one line. */
const SHOWN = 3

/** How a run ended, in one line for the journal: "upgrade completed: 4 packages". */
export function renderRecord({ job, outcome, reason, problems }: RunRecord): string {
  const told = [`${job} ${outcome}: ${reason}`, ...shortened(problems, SHOWN)]
  return journalLine(levelOf(outcome, problems), told.join('; '))
}

function levelOf(outcome: RunRecord['outcome'], problems: string[]) {
  if (outcome === 'failed' || outcome === 'interrupted') return 'error'
  if (problems.length > 0) return 'warning'
  return outcome === 'skipped' ? 'notice' : 'info'
}

/** syslog's numbers. [sd-daemon(3), SyslogLevelPrefix=] */
const LEVELS = { error: 3, warning: 4, notice: 5, info: 6 }

/** A line for the journal; with its priority if systemd reads it. */
export function journalLine(level: keyof typeof LEVELS, text: string, toJournal = true): string {
  return `${toJournal ? `<${LEVELS[level]}>` : ''}${printable(text)}\n`
}
