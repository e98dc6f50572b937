import { SentinelError } from '../errors.ts'
import { renderDiff } from '../output/diff.ts'
import { renderChange } from '../output/ignore-change.ts'
import { printableJson } from '../output/printable.ts'
import { write } from '../output/write.ts'
import { changeHeld } from '../pacman/change.ts'
import type { ChangeRequest } from '../pacman/plan.ts'

/** `ignore add` and `ignore remove`. @returns 0, also when nothing was to do */
export function ignoreChange(request: ChangeRequest, json: true | undefined): number {
  const change = changeHeld(request)
  const { action, key, dryRun } = request
  try {
    if (json) write(1, printableJson({ action, key, dryRun, ...change }))
    else {
      if (dryRun) write(1, renderDiff(change.files.map(({ diff }) => diff).join('')))
      // Beside a diff there is to be nothing else on stdout.
      write(dryRun ? 2 : 1, renderChange(request, change))
    }
  } catch (error) {
    if (dryRun || change.files.length === 0) throw error
    throw new SentinelError('the change was made, but could not be told', { cause: error })
  }
  return 0
}
