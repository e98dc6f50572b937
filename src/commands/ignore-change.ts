import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { Exit } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import type { ChangeRequest } from '../ignored/change-plan.ts'
import { changeIgnored, type IgnoredChange } from '../ignored/change.ts'
import { listIgnored } from '../ignored/list.ts'
import { stillInGroup } from '../ignored/still.ts'
import { renderDiff } from '../text/printable.ts'
import { REPORT_LOST, writeReport } from '../terminal/report.ts'
import { printableLines } from '../text/printable.ts'

/** `ignore add` and `ignore remove`. Its exit code is 0, even if there was nothing to do. */
export function ignoreChange(request: ChangeRequest, json: true | undefined): Answer<'ignore add'> {
  const change = changeIgnored(request)
  const { action, key, dryRun } = request
  const isChanged = change.files.length > 0
  const untold = !dryRun && isChanged ? REPORT_LOST : undefined
  let warnings: string[] = []
  writeReport(untold, () => {
    const own = action === 'remove' ? inGroups(request) : dryRun ? [] : doubts(request)
    warnings = [...change.warnings, ...own]
    if (!json) {
      if (dryRun) write(1, renderDiff(change.files.map(({ diff }) => diff).join('')))
      // With a diff, nothing else goes to stdout.
      write(dryRun ? 2 : 1, renderChange(request, change))
      write(2, printableLines(warnings.map((warning) => `warning: ${warning}`)))
    }
  })
  return {
    verdict: isChanged ? 'changed' : 'unchanged',
    exitCode: Exit.ok,
    findings: warnings.map((warning) => plainFinding('warning', 'ignored', warning)),
    details: { key, dryRun, ...change, warnings },
    untold,
  }
}

/** A package that was removed from IgnorePkg may be of a group in IgnoreGroup. */
function inGroups({ names, pacmanConf, key }: ChangeRequest): string[] {
  return key === 'IgnorePkg' ? stillInGroup(names, pacmanConf) : []
}

/** A name that matches no package may be mistyped: the intended package is not ignored. */
function doubts({ names, pacmanConf, key }: ChangeRequest): string[] {
  try {
    const { entries } = listIgnored(new Host(), pacmanConf, key, new Deadline(30_000))
    const added = entries.filter(({ name }) => names.includes(name))
    return added.flatMap(({ name, warnings }) => warnings.map((warning) => `${name} ${warning}`))
  } catch {
    // The change is made. Without pacman's databases there is nothing to compare with.
    return []
  }
}

/** A line for each file that was or would be changed, and one for names without a change. */
function renderChange(request: ChangeRequest, { files, unchanged }: IgnoredChange): string {
  const { action, key, dryRun, pacmanConf } = request
  const [did, state] = action === 'add' ? ['added to', 'already'] : ['removed from', 'not']
  const verb = dryRun ? `would be ${did}` : did
  const lines = files.map(({ file, names }) => {
    const from = file === pacmanConf ? '' : ` (included by ${pacmanConf})`
    return `${names.join(' ')} ${verb} ${key} in ${file}${from}`
  })
  if (unchanged.length > 0) lines.push(`${unchanged.join(' ')}: ${state} in ${key}, nothing to do`)
  return printableLines(lines)
}
