import { dirname } from 'node:path'
import { SentinelError } from '../errors.ts'
import { runAlone } from '../host/flock.ts'
import { checkName } from './name.ts'
import { type ChangeRequest, type ConfFileChange, mustRead, planChange } from './change-plan.ts'
import { replaceFile } from '../host/replace.ts'
import { mustBeWritable } from '../host/replace.ts'

export interface IgnoredChange {
  files: Pick<ConfFileChange, 'file' | 'names' | 'diff'>[]
  /** names to add that were already there, or to remove that were not */
  unchanged: string[]
  /** what pacman warned of before, and still does; which entry still ignores a removed name */
  warnings: string[]
}

const LOCK_MS = 10_000

/**
 * Adds names to IgnorePkg or IgnoreGroup, or removes them from every file, included ones too. If
 * there is nothing to do, nothing is written. pacman-conf must then read exactly the intended list, and warn of nothing
 * more than before.
 *
 * @throws SentinelError if nothing was changed in the end
 */
export function changeIgnored(request: ChangeRequest): IgnoredChange {
  const { action, pacmanConf, key, names, dryRun } = request
  // `#` or `a,` may be in a file, and must be removable.
  for (const name of action === 'add' ? names : []) {
    const reason = checkName(name)
    if (reason !== undefined) throw new SentinelError(`'${name}' ${reason}; nothing was changed`)
  }
  const run = (): IgnoredChange => {
    const { files, unchanged, warnings, ...plan } = planChange(request)
    if (!dryRun) {
      for (const { file } of files) mustBeWritable(file)
      // An included file, or one of several, cannot be tried alone.
      const trial = files.length === 1 && files[0]?.file === pacmanConf
      write(files, (file = pacmanConf) => mustRead(file, key, plan), trial)
    }
    return {
      files: files.map(({ file, names: own, diff }) => ({ file, names: own, diff })),
      unchanged,
      warnings,
    }
  }
  // One lock for all: configurations in different directories may include the same file.
  return dryRun ? run() : runAlone('ignored', dirname(pacmanConf), LOCK_MS, run)
}

/**
 * Replaces the files, each within the one before: if one fails, or pacman reads another list in the
 * end, all are put back.
 */
function write(files: ConfFileChange[], mustBeRight: (file?: string) => void, trial = false): void {
  const [change, ...rest] = files
  if (change === undefined) return mustBeRight()
  const { file, before, after } = change
  const verify = () => write(rest, mustBeRight)
  replaceFile({ path: file, before, after, verify, ...(trial && { tryOut: mustBeRight }) })
}
