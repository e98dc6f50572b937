import { SentinelError } from '../../errors.ts'
import type { Deadline } from '../../host/deadline.ts'
import { Host } from '../../host/host.ts'
import { withPrivateDirectory } from '../../host/private-directory.ts'
import { awaitProgram } from '../../host/program.ts'

/** A DBPath of our own. */
export interface DatabaseCopy {
  path: string
  /** when the newest of the sync databases was made, by the server's clock, which pacman keeps */
  newest: Date
}

/**
 * Gives `body` a DBPath for pacman to lock and write in: the installed packages by a link, as
 * checkupdates(8) does, and the sync databases as copies.
 *
 * @param dbPath the real one, a path of this machine
 * @throws SentinelError when there are no sync databases or they do not come
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
