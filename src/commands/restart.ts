import { mustBeRoot } from '../host/caller.ts'
import { describe } from './check-line.ts'
import { restartAnswer } from './restart-answer.ts'
import { readConfig } from '../config/config.ts'
import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { errorText, Exit } from '../errors.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import {
  type Failed,
  MANAGER,
  type Refused,
  type Restarted,
  type RestartReport,
  type StillStale,
} from '../restart/report.ts'
import { type RestartRequest, restartStale } from '../restart/restart.ts'
import type { Gone } from '../restart/stale-process.ts'
import { withProgress } from '../terminal/progress.ts'
import { writeReport } from '../terminal/report.ts'
import { printable, printableLines } from '../text/printable.ts'

interface RestartOptions extends RestartRequest {
  json: boolean
  configFile: string | undefined
}

/**
 * `restart`: restarts the units that run replaced code.
 *
 * Its exit codes: 0, even if some replaced code still runs; 2 if a unit did not come back, or
 * something could not be seen; with afterUpgrade always 0, since the upgrade itself is fine.
 */
export async function restart(options: RestartOptions): Promise<Answer<'restart'>> {
  try {
    const answer = await run(options)
    return options.afterUpgrade ? { ...answer, exitCode: Exit.ok } : answer
  } catch (error) {
    if (!options.afterUpgrade || !(error instanceof Error)) throw error
    const message = errorText(error)
    write(2, printableLines([`warning: ${message}`]))
    const { dryRun } = options
    const none = { failed: [], restarted: [], refused: [], gone: [], stillStale: [], unseen: [] }
    const findings = [plainFinding('error', 'restart', message)]
    return { verdict: 'unseen', exitCode: Exit.ok, findings, details: { dryRun, ...none } }
  }
}

async function run({ json, configFile, ...request }: RestartOptions): Promise<Answer<'restart'>> {
  if (!request.dryRun) mustBeRoot('a restart of services')
  const host = new Host()
  const config = readConfig(host, configFile)
  const report = await withProgress(
    request.dryRun ? 'looking at all processes' : 'restarting units that run replaced code',
    () => restartStale(host, config, request),
  )
  const done = !request.dryRun && report.restarted.length > 0
  const untold = done ? 'units were restarted, but the report could not be printed' : undefined
  if (!json) writeReport(untold, () => write(1, renderRestart(report)))
  return { ...restartAnswer(report), untold }
}

/** The outcome for each unit, for a person; failures come first. */
export function renderRestart(report: RestartReport): string {
  const { dryRun, failed, restarted, refused, gone, stillStale, unseen } = report
  const lines = [
    ...section('did not come back:', failed.map(renderFailed)),
    ...section('could not be seen:', unseen.slice(0, SHOWN).map(describe), unseen.length),
    ...section(dryRun ? 'would be restarted:' : 'restarted:', restarted.map(renderRestarted)),
    ...section(dryRun ? 'would be left alone:' : 'left alone:', refused.map(renderRefused)),
    ...section('ended before the restart:', gone.map(renderGone)),
    ...section('still runs old code:', stillStale.map(renderStillStale)),
  ]
  if (lines.length === 0) return 'nothing to restart: no process runs replaced code\n'
  return `${lines.join('\n')}\n`
}

/** Items of a long list that are shown. Without root rights every process is unseen. */
const SHOWN = 3

function section(heading: string, items: string[], count = items.length): string[] {
  if (items.length === 0) return []
  const more = count > items.length ? [`  and ${count - items.length} more`] : []
  return [heading, ...items.map((item) => `  ${printable(item)}`), ...more]
}

function renderFailed({ unit, why, activeState, subState, result, execMainStatus }: Failed) {
  if (activeState === undefined) return `${unit}: ${why}`
  const state = `${activeState}/${subState}, Result=${result}, ExecMainStatus=${execMainStatus}`
  return `${unit}: ${why} (${state}); see systemctl status ${unit}`
}

function renderRestarted({ unit, processes, with: other, notes = [] }: Restarted): string {
  if (unit === MANAGER) return 'systemd itself (PID 1), with systemctl daemon-reexec'
  const along = other === undefined ? '' : `, along with ${other}, which it depends on`
  return [`${unit}${named(processes)}${along}`, ...notes].join('; ')
}

function renderRefused({ unit, processes, why }: Refused): string {
  return `${unit === undefined ? list(processes) : unit + named(processes)}: ${why}`
}

function named(processes: Restarted['processes']): string {
  return processes.length === 0 ? '' : ` (${list(processes)})`
}

function list(processes: Restarted['processes']): string {
  const shown = processes.slice(0, SHOWN).map(({ pid, command }) => `${command}[${pid}]`)
  if (processes.length > SHOWN) shown.push(`and ${processes.length - SHOWN} more`)
  return shown.join(', ')
}

function renderGone({ pid, command, unit }: Gone): string {
  return `${command}[${pid}]${unit === undefined ? '' : ` (${unit})`}`
}

const CLEARED = {
  logout: 'until its user logs out, or a reboot',
  reboot: 'until a reboot',
  end: 'until it ends, or a reboot',
}

function renderStillStale(finding: StillStale): string {
  return `${describe(finding)} ${CLEARED[finding.clears]}`
}
