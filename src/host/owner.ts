import type { Stats } from 'node:fs'

/** Whether only root, or the user who runs this program, can write to what these are the facts of. */
export function isOnlyOwners({ uid, mode }: Pick<Stats, 'uid' | 'mode'>): boolean {
  return (uid === 0 || uid === process.geteuid?.()) && (mode & 0o022) === 0
}
