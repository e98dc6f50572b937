import { renderStatus, withDates } from './units-status.ts'
import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { readConfig } from '../config/config.ts'
import { Exit } from '../errors.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { tryTellFleet } from '../report/tell-fleet.ts'
import { renderDiff } from '../text/printable.ts'
import { withProgress } from '../terminal/progress.ts'
import { REPORT_LOST, writeReport } from '../terminal/report.ts'
import { printableLines } from '../text/printable.ts'
import { compareUnits, type UnitsDiff } from '../units/plan.ts'
import { type InstallOutcome, type InstallRequest, installUnits } from '../units/install.ts'
import { chooseUnits, type NamedOptions } from '../units/choice.ts'
import { type RemoveOutcome, type RemoveRequest, removeUnits } from '../units/remove.ts'
import { unitsStatus } from '../units/status.ts'
import type { UnitFile } from '../units/unit.ts'

type Json = true | undefined

/** `units print`. Its exit code is 0. */
export async function unitsPrint(
  named: NamedOptions,
  root: string | undefined,
  json: Json,
): Promise<Answer<'units print'>> {
  const { units } = await withProgress('asking systemd', () => chooseUnits(new Host(root), named))
  if (!json) write(1, renderUnits(units))
  const details = { units: units.map(({ name, text }) => ({ name, text })) }
  return { verdict: 'printed', exitCode: Exit.ok, findings: [], details }
}

/** `units install`. Its exit code is 0, even if there was nothing to do; 2 if edits are in the way. */
export async function unitsInstall(
  request: InstallRequest,
  json: Json,
): Promise<Answer<'units install'>> {
  const installed = await withProgress('asking systemd', () => installUnits(request))
  const { changes, refused, removed, disabled, stopped, enabled, started } = installed
  const { dryRun } = request
  const unheard = await tellOfIt(request, installed)
  const did = [changes, removed, disabled, stopped, enabled, started].flat()
  const done = refused.length > 0 ? [] : did
  const untold = !dryRun && done.length > 0 ? REPORT_LOST : undefined
  writeReport(untold, () => {
    if (!json) {
      const edited = changes.filter(({ path }) => refused.includes(path))
      if (dryRun || refused.length > 0) write(1, renderDiffs(edited.length > 0 ? edited : changes))
      // With a diff, nothing else goes to stdout.
      if (refused.length === 0) write(dryRun ? 2 : 1, renderInstalled(installed, dryRun))
      write(2, renderNotes(installed))
      write(2, printableLines(unheard === '' ? [] : [`warning: ${unheard}`]))
    }
  })
  const consequence =
    'nothing was written: replace it with --force, or keep the edit in a drop-in (systemctl edit)'
  const answer = refusalOr(refused, consequence, done.length > 0 ? 'changed' : 'unchanged')
  const warnings = [...installed.warnings, unheard].filter(Boolean)
  return {
    ...answer,
    findings: [
      ...answer.findings,
      ...warnings.map((warning) => plainFinding('warning', 'units', warning)),
    ],
    details: { dryRun, ...installed },
    untold,
  }
}

/**
 * Tells the fleet of a host whose mounts have begun: the cache host then knows what it wants, and the
 * others that it is there. @returns why that failed; '' if it did not, or there is no fleet
 */
async function tellOfIt(
  { enable, dryRun, root }: InstallRequest,
  { refused }: InstallOutcome,
): Promise<string> {
  if (!enable || dryRun || root !== undefined || refused.length > 0) return ''
  const host = new Host()
  const problem = await tryTellFleet(host, () => readConfig(host), { withPackages: true })
  return problem && `${problem}: kured-sentinel fleet report`
}

/** `units remove`. Its exit code is 0, even if there was nothing to do; 2 if edits are in the way. */
export async function unitsRemove(
  request: RemoveRequest,
  json: Json,
): Promise<Answer<'units remove'>> {
  const removed = await withProgress('asking systemd', () => removeUnits(request))
  const { dryRun } = request
  const done =
    removed.refused.length > 0 ? [] : [removed.disabled, removed.stopped, removed.removed].flat()
  const untold = !dryRun && done.length > 0 ? REPORT_LOST : undefined
  writeReport(untold, () => {
    if (!json && removed.refused.length === 0) write(1, renderRemoved(removed, dryRun))
  })
  const consequence = 'nothing was removed: remove it with --force'
  return {
    ...refusalOr(removed.refused, consequence, done.length > 0 ? 'removed' : 'none'),
    details: { dryRun, ...removed },
    untold,
  }
}

/** `units status`. Its exit codes: 0; 2 if something could not be read. */
export async function unitsShow(
  root: string | undefined,
  json: Json,
): Promise<Answer<'units status'>> {
  const units = await withProgress('asking systemd', () => unitsStatus(new Host(root)))
  if (!json) write(1, renderStatus(units))
  const problems = units.flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`${name}: ${problem}`],
  )
  return {
    verdict: problems.length > 0 ? 'unknown' : 'shown',
    exitCode: problems.length > 0 ? Exit.attention : Exit.ok,
    findings: problems.map((problem) => plainFinding('unknown', 'unit', problem)),
    details: { units: units.map(withDates) },
  }
}

/** `units diff`. Its exit codes: 0 no difference, 1 they differ. */
export async function unitsDiff(
  named: NamedOptions,
  root: string | undefined,
  json: Json,
): Promise<Answer<'units diff'>> {
  const diff = await withProgress('asking systemd', () => compareUnits(named, root))
  if (!json) {
    write(1, renderDiffs(diff.changes))
    write(2, renderNotes(diff))
  }
  return {
    verdict: diff.same ? 'same' : 'differs',
    exitCode: diff.same ? Exit.ok : Exit.none,
    findings: diff.changes.map(({ path, action }) => plainFinding('due', action, path)),
    details: diff,
  }
}

/** Says to a person that edits are in the way, if they are. */
function refusalOr<V extends string>(paths: readonly string[], consequence: string, verdict: V) {
  if (paths.length === 0) return { verdict, exitCode: Exit.ok, findings: [] }
  const were = paths.length === 1 ? 'was' : 'were'
  const message = `${paths.join(' and ')} ${were} written or edited by a person; ${consequence}`
  write(2, printableLines([`error: ${message}`]))
  const findings = [plainFinding('wrong', 'refused', message)]
  return { verdict: 'refused' as const, exitCode: Exit.attention, findings }
}

/** All units one after the other, each under its name. */
export function renderUnits(units: readonly UnitFile[]): string {
  return units.map(({ name, text }) => `# ${name}\n${text}`).join('\n')
}

/** A line for each change. */
export function renderInstalled(installed: InstallOutcome, dryRun: boolean): string {
  const { changes, unchanged, removed, disabled, stopped, enabled, started } = installed
  const did = (what: string) => (dryRun ? `would be ${what}` : what)
  const lines = [
    ...changes.map((change) => describeChange(change, did)),
    ...removed.map((path) => `${path} ${did('removed')}: these options do not need it`),
    ...disabled.map((name) => `${name} ${did('disabled')}`),
    ...stopped.map((name) => `${name} ${did('stopped')}`),
    ...enabled.map((name) => `${name} ${did('enabled')}`),
    ...started.map((name) => `${name} ${did('started')}`),
  ]
  const same = changes.length > 0 ? [] : unchanged.map(({ path }) => `${path} is up to date`)
  return printableLines([...same, ...(lines.length === 0 ? ['nothing to do'] : lines)])
}

function describeChange(
  { path, action, differs, saved }: InstallOutcome['changes'][number],
  did: (what: string) => string,
): string {
  const words = { create: 'written', replace: 'replaced', remove: 'removed' }
  const instead = action === 'remove' ? ': the package’s unit counts' : ''
  const how = differs === undefined ? '' : `${instead || ', which changes'}: ${differs}`
  const kept = saved === undefined ? '' : `; the one that was there ${did('kept')} as ${saved}`
  return `${path} ${did(words[action])}${how || instead}${kept}`
}

/** Warnings and notes for a person. */
export function renderNotes({
  warnings,
  dropIns,
  surplus,
  removed,
  kept,
  idle,
  remembered,
}: Partial<InstallOutcome>) {
  const left = (surplus ?? []).filter(
    (name) => !(removed ?? []).some((path) => path.endsWith(`/${name}`)),
  )
  return printableLines([
    ...(warnings ?? []).map((warning) => `warning: ${warning}`),
    ...(dropIns ?? []).map((path) => `note: the drop-in ${path} also changes the unit`),
    ...left.map((name) => `note: ${name} is also there, from other options`),
    ...(kept?.length
      ? [`note: left as it is: ${kept.join(', ')}; a mount changes only with --nfs`]
      : []),
    ...(remembered ? [`note: as chosen before: ${remembered}`] : []),
    ...(idle?.length ? [`note: not enabled (use --enable): ${idle.join(', ')}`] : []),
  ])
}

export function renderDiffs(changes: UnitsDiff['changes']): string {
  return renderDiff(changes.map(({ diff }) => diff).join(''))
}

export function renderRemoved(
  { disabled, stopped, removed, saved, left }: RemoveOutcome,
  dryRun: boolean,
) {
  const did = (what: string) => (dryRun ? `would be ${what}` : what)
  const lines = [
    ...disabled.map((name) => `${name} ${did('disabled')}`),
    ...stopped.map((name) => `${name} ${did('stopped')}`),
    ...removed.map((path) => `${path} ${did('removed')}`),
    ...saved.map((path) => `what a person edited ${did('kept')} as ${path}`),
  ]
  if (lines.length === 0) lines.push('nothing to do')
  return printableLines([
    ...lines,
    ...left.map((path) => `note: ${path} was not written by this program and stays`),
  ])
}
