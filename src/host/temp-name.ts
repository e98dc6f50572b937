import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errorCode } from '../errors.ts'

/**
 * A name beside a file for the time it is replaced. It starts with a dot, so that `Include =
 * …/pacman.d/*` does not match it [glob(7)], and ends in our process id, which tells a later run
 * whether anybody still needs it.
 */
export function tempName(file: string, purpose: 'new' | 'old'): string {
  return join(dirname(file), `.${basename(file)}.kured-sentinel-${purpose}-${process.pid}`)
}

/** Removes what runs left beside a file that were killed while they replaced it. */
export function removeAbandonedFiles(file: string): void {
  const start = `.${basename(file)}.kured-sentinel-`
  for (const name of readdirSync(dirname(file))) {
    if (!name.startsWith(start)) continue
    const pid = Number(/^(?:new|old)-(\d+)$/.exec(name.slice(start.length))?.[1])
    if (pid === process.pid || (pid > 0 && !isAlive(pid))) rmSync(join(dirname(file), name))
  }
}

/** Whether there is a process of that PID, whoever's it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else
    return errorCode(error) !== 'ESRCH'
  }
}
