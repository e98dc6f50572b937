import type { IgnoredChange } from '../ignored/change.ts'
import type { ChangeRequest } from '../ignored/change-plan.ts'
import { printableLines } from '../text/printable.ts'

/** What was done, or would be, a line for each file, and what was not. */
export function renderChange(request: ChangeRequest, { files, unchanged }: IgnoredChange): string {
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
