import type { Change } from '../pacman/change.ts'
import type { ChangeRequest } from '../pacman/plan.ts'
import { printable } from './printable.ts'

/** What was done, or would be, a line for each file, and what was not. */
export function renderChange(request: ChangeRequest, { files, unchanged }: Change): string {
  const { action, key, dryRun, pacmanConf } = request
  const [did, state] = action === 'add' ? ['added to', 'already'] : ['removed from', 'not']
  const verb = dryRun ? `would be ${did}` : did
  const lines = files.map(({ file, names }) => {
    const from = file === pacmanConf ? '' : ` (included by ${pacmanConf})`
    return `${names.join(' ')} ${verb} ${key} in ${file}${from}`
  })
  if (unchanged.length > 0) lines.push(`${unchanged.join(' ')}: ${state} in ${key}, nothing to do`)
  return lines.map((line) => `${printable(line)}\n`).join('')
}

/** Unified diffs that patch(1) takes: a tab, and a CR before the line's end, stay as they are. */
export function renderDiffs({ files }: Change): string {
  const lines = files
    .map(({ diff }) => diff)
    .join('')
    .split('\n')
  return lines
    .map((line) => {
      const [, text = '', end = ''] = /^(.*?)(\r?)$/s.exec(line) ?? []
      return text.split('\t').map(printable).join('\t') + end
    })
    .join('\n')
}
