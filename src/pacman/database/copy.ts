import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SentinelError } from '../../errors.ts'
import type { Deadline } from '../../host/deadline.ts'
import { awaitProgram } from '../../host/program.ts'
import { isAlive } from '../../ignored/temp-name.ts'

/** A DBPath of our own. */
export interface DatabaseCopy {
  path: string
  /** when the newest of the sync databases was made, by the server's clock, which pacman keeps */
  newest: Date
}

const PREFIX = 'kured-sentinel-check-'

/** Copies of our own runs that SIGKILL ended. */
function removeAbandonedCopies(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : NaN
    if (Number.isNaN(pid) || isAlive(pid)) continue
    const path = join(tmpdir(), name)
    // Anybody may make such a name in /tmp.
    const own = lstatSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.()
    if (own) rmSync(path, { recursive: true, force: true })
  }
}

/**
 * Gives `body` a DBPath for pacman to lock and write in: the installed packages by a link, as
 * checkupdates(8) does, and the sync databases as copies. It is nobody else's to read (mode 0700),
 * and removed in the end, by a signal too.
 *
 * @param dbPath the real one, a path of this machine
 * @throws SentinelError when there are no sync databases or they do not come
 */
export async function withDatabaseCopy<T>(
  dbPath: string,
  deadline: Deadline,
  body: (copy: DatabaseCopy) => Promise<T>,
): Promise<T> {
  removeAbandonedCopies()
  const path = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  const remove = () => rmSync(path, { recursive: true, force: true })
  const stop = (signal: NodeJS.Signals) => {
    remove()
    // Once more, now that nothing catches it.
    process.kill(process.pid, signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.once(signal, stop)
  try {
    symlinkSync(`${dbPath}/local`, join(path, 'local'))
    const sync = join(path, 'sync')
    mkdirSync(sync)
    await copyDatabases(`${dbPath}/sync`, sync, deadline)
    const times = readdirSync(sync).map((name) => statSync(join(sync, name)).mtimeMs)
    return await body({ path, newest: new Date(Math.max(...times)) })
  } finally {
    for (const signal of signals) process.off(signal, stop)
    remove()
  }
}

/**
 * With their signatures, but without the file lists that `pacman -F` uses. By a program: they may
 * be on a server that is gone. sh looks for the files as well, and then becomes cp.
 */
async function copyDatabases(from: string, to: string, deadline: Deadline): Promise<void> {
  const script = 'exec cp --dereference --preserve=timestamps --target-directory="$2" "$1"/*.db*'
  const limits = { timeoutMs: deadline.left() }
  const ended = await awaitProgram('/usr/bin/sh', ['-c', script, 'sh', from, to], limits)
  if (ended.exitCode === 0) return
  const reason = ended.timedOut ? 'it took too long' : ended.stderr.trim()
  throw new SentinelError(
    `the sync databases of ${from} cannot be copied (${reason}): run pacman -Sy`,
  )
}
