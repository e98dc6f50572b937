import { runProgram } from '../host/program.ts'
import { listed } from '../text/listed.ts'

/** A server that is down is not waited for. In ms. */
const LOOK_MS = 10_000

/**
 * The files that pacman has deleted. Under --noconfirm its answer to "Do you want to delete it?" is
 * yes, and it does not tell whether that went well: in a cache that it may not write to, such as a
 * share that is mounted read-only, the files stay. [libalpm/sync.c, prompt_to_delete]
 *
 * @param refused the files that it has not accepted; absolute paths
 */
export function findDeleted(refused: readonly string[]): string[] {
  if (refused.length === 0) return []
  const args = ['--printf=%n\\0', '--', ...refused]
  const ended = runProgram('/usr/bin/stat', args, { timeoutMs: LOOK_MS })
  const there = ended.stdout.toString().split('\0')
  return refused.filter((file) => !there.includes(file))
}

/** Files that are named. */
const NAMED = 5

/** '' without any: "; pacman deleted /var/cache/pacman/pkg/x-1-1-any.pkg.tar.zst from the cache" */
export function describeDeleted(files: readonly string[]): string {
  return files.length === 0 ? '' : `; pacman deleted ${listed(files, NAMED)} from the cache`
}
