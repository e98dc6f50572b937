import { errorText } from '../errors.ts'
import type { Host } from './host.ts'
import { complaint, runProgram } from './program.ts'

/** A card may take minutes for what a large upgrade has written. */
const SYNC_MS = 600_000

/**
 * Puts on the disk what was written to the file systems that pacman changes; their servers, if they
 * have any, are not asked. [sync(1), --file-system: syncfs(2)]
 *
 * @returns what went wrong, in one line; '' on success
 */
export function syncDisks(host: Host): string {
  const paths = ['/', '/usr', '/etc', '/opt', '/var', '/boot', '/efi', '/boot/efi']
  const there = paths.filter((path) => host.lstat(path) !== undefined)
  try {
    const args = ['--file-system', ...there.map((path) => host.path(path) || '/')]
    const ended = runProgram('/usr/bin/sync', args, { timeoutMs: SYNC_MS })
    return ended.exitCode === 0 ? '' : complaint(ended) || `exit ${ended.exitCode}`
  } catch (error) {
    return errorText(error)
  }
}
