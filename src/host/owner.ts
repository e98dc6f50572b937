import type { Stats } from 'node:fs'
import { dirname } from 'node:path'

/** Whether only root, or the user who runs this program, can write to what these are the facts of. */
export function isOnlyOwners({ uid, mode }: Pick<Stats, 'uid' | 'mode'>): boolean {
  return (uid === 0 || uid === process.geteuid?.()) && (mode & 0o022) === 0
}

/** The directories above a path, the nearest first: who can write to one can replace what is below. */
export function directoriesAbove(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [] : [parent, ...directoriesAbove(parent)]
}
