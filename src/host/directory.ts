import { Deadline } from './deadline.ts'
import { awaitProgram } from './program.ts'
import { splitByWeight } from '../text/split.ts'

/** The longest that a server may take to answer, or a mount to appear. */
const PATIENCE_MS = 60_000

/** A file system's free space in bytes, or in one line why it does not answer. */
export type DirectoryAnswer = { free: number } | { problem: string }

/**
 * Asks a directory's file system for its free space. statfs(2) also triggers an idle automount, and
 * a file server must answer it. A program calls it, and is left behind if the answer does not come.
 * [fs/statfs.c, user_statfs: LOOKUP_AUTOMOUNT]
 */
export async function askFreeSpace(path: string, deadline: Deadline): Promise<DirectoryAnswer> {
  const args = ['--file-system', '--format=%a %S', '--', path]
  const ended = await ask('/usr/bin/stat', args, deadline)
  if ('problem' in ended) return ended
  const [blocks = NaN, size = NaN] = ended.stdout.split(' ').map(Number)
  return { free: blocks * size }
}

/** The directory's path without symbolic links; the same path if it does not answer. */
export async function askRealPath(path: string, deadline: Deadline): Promise<string> {
  const ended = await ask('/usr/bin/realpath', ['--zero', '--', path], deadline)
  return 'problem' in ended ? path : ended.stdout.replace(/\0$/, '')
}

/**
 * Asks whether root of this host may write to a directory, without writing anything: a server that
 * maps root to nobody says no. [access(2); NFS: ACCESS]
 *
 * @returns undefined if it may, else why not; '' if there is no reason
 */
export async function askWritable(path: string, deadline: Deadline): Promise<string | undefined> {
  const ended = await ask('/usr/bin/test', ['-w', path], deadline)
  return 'problem' in ended ? ended.problem : undefined
}

/**
 * Tries to write to a directory: makes a file there, gives it to a user, and removes it. What
 * askWritable() says is the client's answer, which keeps the server's yes until another host changes
 * the directory. [fs/nfs/dir.c: the access cache]
 *
 * @param user pacman's DownloadUser; undefined: the file is given to nobody
 * @returns undefined if it may, else why not; '' if there is no reason
 */
export async function tryWriting(
  path: string,
  user: string | undefined,
  deadline: Deadline,
): Promise<string | undefined> {
  const made = await ask('/usr/bin/mktemp', ['--', `${path}/.kured-sentinel.XXXXXXXXXX`], deadline)
  if ('problem' in made) return made.problem
  const file = made.stdout.trimEnd()
  // -h: not what a server may have put in its place.
  const given =
    user === undefined ? made : await ask('/usr/bin/chown', ['-h', '--', user, file], deadline)
  const removed = await ask('/usr/bin/rm', ['-f', '--', file], deadline)
  if ('problem' in given) return `pacman cannot give its downloads to ${user}: ${given.problem}`
  return 'problem' in removed ? removed.problem : undefined
}

/**
 * Asks whether a file there, or the directory itself, belongs to nobody: root made it on a server
 * with root_squash, or this host does not know the owner that an NFSv4 server names. [exports(5)]
 */
export async function askNobodysFiles(path: string, deadline: Deadline): Promise<boolean> {
  const nobody = ['(', '-uid', '65534', '-o', '-uid', '4294967294', ')']
  const args = [`${path}/.`, '-maxdepth', '1', ...nobody, '-print', '-quit']
  const ended = await awaitProgram('/usr/bin/find', args, { timeoutMs: patience(deadline) })
  return ended.stdout.length > 0
}

/** A command line holds so many bytes of words, however many there are. [execve(2), E2BIG] */
const LONGEST_LINE = 512 * 1024

/** The words in so many command lines as they need, each with its pointer and its end. */
export function commandLines(words: readonly string[]): string[][] {
  return splitByWeight(words, (word) => Buffer.byteLength(word) + 9, LONGEST_LINE)
}

/** The sizes in bytes of the files that exist. */
export async function askSizes(
  files: readonly string[],
  deadline: Deadline,
): Promise<Map<string, number> | { problem: string }> {
  const timeoutMs = patience(deadline)
  const limit = new Deadline(timeoutMs)
  const sizes = new Map<string, number>()
  for (const some of commandLines(files)) {
    const args = ['--dereference', '--printf=%s %n\\0', '--', ...some]
    const ended = await awaitProgram('/usr/bin/stat', args, { timeoutMs: limit.left() })
    if (ended.timedOut) return { problem: `no answer within ${timeoutMs / 1000} s` }
    for (const entry of ended.stdout.toString().split('\0').slice(0, -1)) {
      const at = entry.indexOf(' ')
      sizes.set(entry.slice(at + 1), Number(entry.slice(0, at)))
    }
  }
  return sizes
}

async function ask(
  program: string,
  args: readonly string[],
  deadline: Deadline,
): Promise<{ stdout: string } | { problem: string }> {
  const timeoutMs = patience(deadline)
  const ended = await awaitProgram(program, args, { timeoutMs })
  if (ended.exitCode === 0) return { stdout: ended.stdout.toString() }
  if (ended.timedOut) return { problem: `no answer within ${Math.round(timeoutMs / 1000)} s` }
  // "stat: cannot read file system information for '/x': No such device"
  return { problem: ended.stderr.trim().split(': ').at(-1) ?? '' }
}

function patience(deadline: Deadline): number {
  // Half of the time is left for the other checks, and for the report.
  return Math.min(PATIENCE_MS, deadline.left() / 2)
}
