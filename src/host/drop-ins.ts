import { ifThere } from '../errors.ts'
import type { Host } from './host.ts'
import { directoriesAbove, isOnlyOwners } from './owner.ts'

/** An administrator's executable in a directory of its kind. */
export interface DropIn {
  path: string
  /** why it must not be run */
  refused?: string
}

/**
 * The executables in a directory, by name; none where it is missing. A README, hidden files and what
 * is switched off with chmod -x are none.
 *
 * @throws the system error where the directory cannot be read
 */
export function listDropIns(host: Host, directory: string): DropIn[] {
  const names = ifThere(() => host.list(directory)) ?? []
  return names
    .filter((name) => !name.startsWith('.'))
    .toSorted()
    .map((name) => `${directory}/${name}`)
    .filter((path) => isExecutable(host, path))
    .map((path) => (isSafe(host, path) ? { path } : { path, refused: REFUSED }))
}

const REFUSED = 'not run, because not only root can write to it'

function isExecutable(host: Host, path: string): boolean {
  const found = host.stat(path)
  return found !== undefined && found.isFile() && (found.mode & 0o111) !== 0
}

/** Who can write to a directory above it, or to a link's, can put another file in its place. */
function isSafe(host: Host, path: string): boolean {
  const real = host.realPath(path)
  const ways = [...directoriesAbove(path), real, ...directoriesAbove(real)]
  return ways.every((way) => {
    const found = host.stat(way)
    return found !== undefined && isOnlyOwners(found)
  })
}
