import { printableLines } from '../text/printable.ts'
import type { UnitsDiff } from '../units/compare.ts'
import type { InstallOutcome } from '../units/install.ts'
import type { RemoveOutcome } from '../units/remove.ts'
import type { UnitFile } from '../units/unit.ts'
import { renderDiff } from '../terminal/diff.ts'

/** All units one after the other, each under its name. */
export function renderUnits(units: readonly UnitFile[]): string {
  return units.map(({ name, text }) => `# ${name}\n${text}`).join('\n')
}

/** What was done, a line for each unit. */
export function renderInstalled(installed: InstallOutcome, dryRun: boolean): string {
  const { changes, unchanged, disabled, enabled, started } = installed
  const did = (what: string) => (dryRun ? `would be ${what}` : what)
  const words = { create: 'written', replace: 'replaced', remove: 'removed' }
  const lines = changes.map(({ path, action }) => {
    const why = action === 'remove' ? ': the package brings the same' : ''
    return `${path} ${did(words[action])}${why}`
  })
  if (changes.length === 0) lines.push(...unchanged.map(({ path }) => `${path} is as it should be`))
  lines.push(...disabled.map((name) => `${name} ${did('disabled')}`))
  lines.push(...enabled.map((name) => `${name} ${did('enabled')}`))
  lines.push(...started.map((name) => `${name} ${did('started')}`))
  if (changes.length + disabled.length + enabled.length + started.length === 0)
    lines.push('nothing to do')
  return printableLines(lines)
}

/** What a person should know beside that. */
export function renderNotes({ warnings, dropIns, surplus, idle }: Partial<InstallOutcome>): string {
  return printableLines([
    ...(warnings ?? []).map((warning) => `warning: ${warning}`),
    ...(dropIns ?? []).map((path) => `note: ${path} changes the unit as well`),
    ...(surplus ?? []).map((name) => `note: ${name} stands there too, from other options`),
    ...(idle?.length ? [`note: not enabled, which --enable does: ${idle.join(', ')}`] : []),
  ])
}

export function renderDiffs(changes: UnitsDiff['changes']): string {
  return renderDiff(changes.map(({ diff }) => diff).join(''))
}

export function renderRemoved(
  { disabled, stopped, removed, left }: RemoveOutcome,
  dryRun: boolean,
) {
  const did = (what: string) => (dryRun ? `would be ${what}` : what)
  const lines = [
    ...disabled.map((name) => `${name} ${did('disabled')}`),
    ...stopped.map((name) => `${name} ${did('stopped')}`),
    ...removed.map((path) => `${path} ${did('removed')}`),
  ]
  if (lines.length === 0) lines.push('nothing to do')
  return printableLines([...lines, ...left.map((path) => `note: ${path} is not ours and stays`)])
}
