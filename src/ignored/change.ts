import { SentinelError } from '../errors.ts'
import { withFlock } from '../host/flock.ts'
import { checkName } from './name.ts'
import { type ChangeRequest, type ConfFileChange, mustRead, planChange } from './change-plan.ts'
import { replaceFile } from '../host/replace.ts'
import { mustBeWritable } from '../host/replace.ts'

export interface IgnoredChange {
  files: Pick<ConfFileChange, 'file' | 'names' | 'diff'>[]
  /** names that were there already, or were not there to be removed */
  unchanged: string[]
}

const LOCK_MS = 10_000

/** One for all: two configurations in different directories may include the same file. */
const LOCK_DIRECTORY = '/run'

/**
 * Adds names to IgnorePkg or IgnoreGroup, or removes them wherever they stand, included files too.
 * When nothing is to do nothing is written. Afterwards pacman-conf must read exactly what is meant.
 *
 * @throws SentinelError when nothing was changed in the end
 */
export function changeIgnored(request: ChangeRequest): IgnoredChange {
  const { action, pacmanConf, key, names, dryRun } = request
  // `#` or `a,` can stand in a file, and must be removable.
  for (const name of action === 'add' ? names : []) {
    const reason = checkName(name)
    if (reason !== undefined) throw new SentinelError(`'${name}' ${reason}; nothing was changed`)
  }
  const run = (): IgnoredChange => {
    const { files, unchanged, expected } = planChange(request)
    if (!dryRun) {
      for (const { file } of files) mustBeWritable(file)
      // A file that is included, or one of several, says nothing by itself.
      const trial = files.length === 1 && files[0]?.file === pacmanConf
      write(files, (file = pacmanConf) => mustRead(file, key, expected), trial)
    }
    return {
      files: files.map(({ file, names: own, diff }) => ({ file, names: own, diff })),
      unchanged,
    }
  }
  return dryRun ? run() : withFlock(LOCK_DIRECTORY, LOCK_MS, run)
}

/**
 * Replaces the files one within the other: should one of them fail, or pacman read anything else
 * than expected in the end, each takes itself back.
 */
function write(files: ConfFileChange[], mustBeRight: (file?: string) => void, trial = false): void {
  const [change, ...rest] = files
  if (change === undefined) return mustBeRight()
  const { file, before, after } = change
  const verify = () => write(rest, mustBeRight)
  replaceFile({ path: file, before, after, verify, ...(trial && { tryOut: mustBeRight }) })
}
