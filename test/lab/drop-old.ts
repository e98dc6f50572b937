import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'

const KEEP_MS = 2 * 3_600_000

/** Removes what was made of earlier states of the source; another checkout may use its own just now. */
export function dropOld(own: string): void {
  const now = new Date()
  utimesSync(own, now, now)
  const all = join(own, '..')
  for (const name of readdirSync(all)) {
    const other = join(all, name)
    const age = now.getTime() - (statSync(other, { throwIfNoEntry: false })?.mtimeMs ?? Infinity)
    if (other !== own && age > KEEP_MS) rmSync(other, { recursive: true, force: true })
  }
}
