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
    if (leadsOut(host, way)) {
      throw new SentinelError(`${host.path(way)} leads out of ${host.root}: nothing was changed`)
    }
  }
}

function leadsOut(host: Host, path: string): boolean {
  try {
    return host.isOutside(path)
  } catch (error) {
    throw new SentinelError(`${host.path(path)} leads nowhere: ${errorText(error)}`, {
      cause: error,
    })
  }
}
