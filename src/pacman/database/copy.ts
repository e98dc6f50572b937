import { SentinelError } from '../../errors.ts'
import type { Deadline } from '../../host/deadline.ts'
import { Host } from '../../host/host.ts'
import { withPrivateDirectory } from '../../host/private-directory.ts'
import { awaitProgram } from '../../host/program.ts'

/** A private copy of a DBPath. */
export interface DatabaseCopy {
  path: string
  /** when the newest sync database was made, by the server's clock: pacman keeps that time */
  newest: Date
}

/**
 * Gives `body` a DBPath that pacman may lock and write to: the installed packages are a link, as in
 * checkupdates(8), and the sync databases are copies.
 *
 * @param dbPath the real one, a path of this machine
 * @throws SentinelError if there are no sync databases, or they cannot be copied
 */
export function withDatabaseCopy<T>(
  dbPath: string,
  deadline: Deadline,
  body: (copy: DatabaseCopy) => Promise<T>,
): Promise<T> {
  return withPrivateDirectory(async (path) => {
    const copy = new Host(path)
    copy.makeLink('/local', `${dbPath}/local`)
    copy.makeDirectory('/sync')
    await copyDatabases(`${dbPath}/sync`, copy.path('/sync'), deadline)
    const times = copy.list('/sync').map((name) => copy.lstat(`/sync/${name}`)?.mtimeMs ?? 0)
    return body({ path, newest: new Date(Math.max(...times)) })
  })
}

/**
 * Copies the databases with their signatures, without the file lists of `pacman -F`. A program does
 * it, as the files may be on a server that is gone. sh also finds the files, and then becomes cp.
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
