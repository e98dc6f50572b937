import { isRoot } from '../host/caller.ts'
import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { isTooMuch, type Limits, type ProgramResult, runProgram } from '../host/program.ts'
import type { HostProcesses, ProcessProblem } from '../proc/host-processes.ts'
import { type DeletedFile, LINE_MARK, parseMapsLine } from '../proc/maps.ts'

/** Limits of one grep for all processes and, if they were exceeded, of one grep each: in ms and bytes. */
const TOGETHER = { timeoutMs: 5000, maxBytes: 4 * 2 ** 20 }
const EACH = { timeoutMs: 500, maxBytes: 2 ** 20 }

/** So many mappings of users' processes are kept if each process is read by itself. */
const MOST_USER_MAPPINGS = 20_000

/**
 * Finds deleted files that are mapped executable, in /proc/PID/maps.
 *
 * grep reads them, in a process of its own: reading another process's maps can wait in the kernel for
 * ever (for its memory lock, held by a thread that waits for a dead server), and only SIGKILL ends
 * such a reader.
 *
 * One grep reads them all. If that takes too long or prints too much, each process is read by itself,
 * so that a stuck or huge process hides no other.
 */
export function scanProc(host: Host, processes: HostProcesses, deadline: Deadline): Scan {
  const { pids } = processes
  const timeoutMs = Math.min(TOGETHER.timeoutMs, deadline.left() / 3)
  const scan = grepMaps(host, pids, { ...TOGETHER, timeoutMs })
  return typeof scan === 'string' ? scanEach(host, processes, deadline) : scan
}

/** Within half of the time left: the files that it finds must still be judged. */
function scanEach(host: Host, processes: HostProcesses, deadline: Deadline): Scan {
  const files: DeletedFile[] = []
  const problems: ProcessProblem[] = []
  const reserve = deadline.left() / 2
  let room = MOST_USER_MAPPINGS
  for (const pid of processes.inOrder()) {
    const isUsers = !processes.mayBlock(pid)
    const timeoutMs = Math.min(EACH.timeoutMs, deadline.left() - reserve)
    let scan: Scan | string
    if (timeoutMs <= 0) scan = 'out of time before its turn; raise --timeout if this host is slow'
    else if (isUsers && room <= 0) scan = 'too many deleted files of users before its turn'
    else scan = grepMaps(host, [pid], { ...EACH, timeoutMs })
    if (typeof scan === 'string') problems.push({ pid, message: `/proc/${pid}/maps: ${scan}` })
    else {
      files.push(...scan.files)
      problems.push(...scan.problems)
      if (isUsers) room -= scan.files.length
    }
  }
  return { files, problems }
}

/**
 * Runs grep over the maps of many processes. File names are relative, so that --root can be any path.
 * A process that has ended has no mappings.
 *
 * @returns a text on why not everything was read
 */
export function grepMaps(host: Host, pids: readonly number[], limits: Limits): Scan | string {
  // Without files grep would search its input.
  if (pids.length === 0) return { files: [], problems: [] }
  const names = pids.map((pid) => `${pid}/maps`)
  const args = ['-a', '-H', '-Z', '-E', '-e', LINE_MARK, '--', ...names]
  let ended: ProgramResult
  try {
    ended = runProgram('/usr/bin/grep', args, { ...limits, cwd: host.path('/proc') })
  } catch (error) {
    if (isTooMuch(error)) return 'too many deleted files in it'
    throw error
  }
  if (ended.timedOut) return 'reading it does not end'
  // Exit code 0: a match, on stdout. 1: none. 2: an error, on stderr.
  const silent = ended.exitCode === 0 ? ended.stdout.length === 0 : ended.stderr === ''
  if (ended.exitCode !== 1 && (silent || (ended.exitCode !== 0 && ended.exitCode !== 2))) {
    throw new SentinelError(`grep failed on /proc with exit ${ended.exitCode}`)
  }
  return {
    files: parseMatches(ended.stdout),
    problems: parseErrors(host, ended.stderr),
  }
}

/** Reads grep's output with -Z: `PID/maps`, a NUL, the line. No file name can forge that. */
export function parseMatches(output: Buffer): DeletedFile[] {
  const files: DeletedFile[] = []
  // Line by line, as there may be megabytes of it: no text of the whole, and no list of its lines.
  for (let at = 0; at < output.length;) {
    const newline = output.indexOf('\n', at)
    const end = newline < 0 ? output.length : newline
    const [pid, line] = output.toString('utf8', at, end).split('/maps\0')
    const file = line === undefined ? undefined : parseMapsLine(Number(pid), line)
    if (file !== undefined) files.push(file)
    at = end + 1
  }
  return files
}

/** Each line of grep's stderr is a process that was not read; those that ended do not count. */
function parseErrors(host: Host, stderr: string): ProcessProblem[] {
  return stderr.split('\n').flatMap((line) => {
    if (line === '') return []
    const [, file, reason = ''] = /grep: (\d+)\/maps: (.*)$/.exec(line) ?? []
    // An error of no process is put down to PID 1: the whole scan has failed.
    if (file === undefined) return [{ pid: 1, message: `reading /proc: ${line}` }]
    if (reason === 'No such process' || host.lstat(`/proc/${file}`) === undefined) return []
    const hint = reason === 'Permission denied' && !isRoot() ? ' (run as root)' : ''
    return [{ pid: Number(file), message: `/proc/${file}/maps: ${reason}${hint}` }]
  })
}

/** A scan's result: deleted files that are mapped executable, and processes that could not be read. */
export interface Scan {
  files: DeletedFile[]
  problems: ProcessProblem[]
}

/** Scans the host's processes. There are two: our own, and the real lsof. */
export type Scanner = (
  host: Host,
  processes: HostProcesses,
  deadline: Deadline,
) => Scan | Promise<Scan>
