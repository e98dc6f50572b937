import { UNITS } from '../systemd/jobs.ts'
import type { Context } from './context.ts'

/** Of databases, or packages, that a download brings. */
export function refreshAdvice({ local }: Pick<Context, 'local'>): string {
  return `${local ? '' : 'on the cache host: '}systemctl start ${UNITS.download}`
}

/** Of packages in the cache that pacman does not accept. */
export function refetchAdvice(context: Pick<Context, 'local'>): string {
  return `delete the packages that it names from the cache, then ${refreshAdvice(context)}`
}
