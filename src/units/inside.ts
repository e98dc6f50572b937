import { realpathSync } from 'node:fs'
import { errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { UNIT_DIRECTORY } from './unit-files.ts'

/**
 * Refuses an image whose unit directory is a link to somewhere outside of it: whoever made the image
 * would choose which files of this machine are written and removed.
 *
 * @throws SentinelError with the link's path
 */
export function mustBeInside(host: Host): void {
  if (host.root === '') return
  const steps = UNIT_DIRECTORY.split('/').slice(1)
  const ways = steps.map((_, index) => `/${steps.slice(0, index + 1).join('/')}`)
  for (const way of ways.filter((path) => host.lstat(path) !== undefined)) {
    if (!realPath(host, way).startsWith(`${realpathSync(host.root)}/`)) {
      throw new SentinelError(`${host.path(way)} leads out of ${host.root}: nothing was changed`)
    }
  }
}

function realPath(host: Host, path: string): string {
  try {
    return realpathSync(host.path(path))
  } catch (error) {
    throw new SentinelError(`${host.path(path)} leads nowhere: ${errorText(error)}`, {
      cause: error,
    })
  }
}
