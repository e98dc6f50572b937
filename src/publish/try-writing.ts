import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import { tryWriting } from '../host/directory.ts'

/** What to do about a shared directory that cannot be written to. */
export const WRITABLE_ADVICE =
  'export it to this host, the cache host, with rw and no_root_squash, and mount it anew'

/** What a server says that lets this host only read, or maps its root to nobody. [errno(3)] */
const REFUSED = /(?:^|: )(?:Permission denied|Operation not permitted|Read-only file system)$/

/**
 * Tries to write to directories: pacman says only "unexpected error" where it may not.
 *
 * @param places each with the user whom pacman gives its downloads to, if it does
 * @throws SentinelError if this host may not
 */
export async function refuseUnwritable(
  places: readonly (readonly [path: string, user?: string | undefined])[],
  deadline: Deadline,
): Promise<void> {
  for (const [path, user] of places) {
    const why = await tryWriting(path, user, deadline)
    if (why === undefined) continue
    const advice = REFUSED.test(why) ? `. To do: ${WRITABLE_ADVICE}` : ''
    throw new SentinelError(`${path} cannot be written to: ${why}${advice}`)
  }
}
