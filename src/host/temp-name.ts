import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errorCode } from '../errors.ts'

/**
 * A temporary name beside a file that is being replaced. It starts with a dot, so that `Include =
 * …/pacman.d/*` does not match it [glob(7)], and systemd does not read it. It ends in our PID, so
 * that a later run knows whether it is still in use.
 */
export function tempName(file: string, purpose: 'new' | 'old'): string {
  return join(dirname(file), `.${basename(file)}.kured-sentinel-${purpose}-${process.pid}`)
}

/** Removes temporary files that killed runs have left beside a file. */
export function removeAbandonedFiles(file: string): void {
  const start = `.${basename(file)}.kured-sentinel-`
  for (const name of readdirSync(dirname(file))) {
    if (!name.startsWith(start)) continue
    const pid = Number(/^(?:new|old)-(\d+)$/.exec(name.slice(start.length))?.[1])
    const isAbandoned = pid === process.pid || (pid > 0 && !isAlive(pid))
    if (isAbandoned) rmSync(join(dirname(file), name), { force: true })
  }
}

/** Whether a process with that PID exists, of any user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists, and belongs to another user
    return errorCode(error) !== 'ESRCH'
  }
}
