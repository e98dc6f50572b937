import { isRoot } from '../host/caller.ts'
import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { isTooMuch, type Limits, type ProgramResult, runProgram } from '../host/program.ts'
import type { HostProcesses, ProcessProblem } from '../proc/host-processes.ts'
import { type DeletedFile, LINE_MARK, parseMapsLine } from '../proc/maps.ts'

/** What all processes together may take, and each where that was too much: in ms, and in bytes. */
const TOGETHER = { timeoutMs: 5000, maxBytes: 4 * 2 ** 20 }
const EACH = { timeoutMs: 500, maxBytes: 2 ** 20 }

/** So many mappings of users' processes are kept where each process is read by itself. */
const MOST_OF_USERS = 20_000

/**
 * Finds deleted files that are mapped executable, in /proc/PID/maps.
 *
 * The reading is grep's, in a process of its own, because reading another process's maps can wait
 * for ever in the kernel (its memory lock, held by a thread that waits for a dead server): only
 * SIGKILL gets a reader out, and a reader inside this process could then not even exit.
 *
 * As a rule one grep reads them all. Where that takes too long, or prints too much, each process is
 * read by itself, so that one which is stuck, or made to be huge, keeps no other from being seen.
 */
export function scanProc(host: Host, processes: HostProcesses, deadline: Deadline): Scan {
  const { pids } = processes
  const timeoutMs = Math.min(TOGETHER.timeoutMs, deadline.left() / 3)
  const scan = grepMaps(host, pids, { ...TOGETHER, timeoutMs })
  return typeof scan === 'string' ? scanEach(host, processes, deadline) : scan
}

/** Within half of the time that is left: what is found must still be looked at. */
function scanEach(host: Host, processes: HostProcesses, deadline: Deadline): Scan {
  const files: DeletedFile[] = []
  const problems: ProcessProblem[] = []
  const reserve = deadline.left() / 2
  let mostOfUsers = MOST_OF_USERS
  for (const pid of processes.inOrder()) {
    const isUsers = !processes.mayBlock(pid)
    const timeoutMs = Math.min(EACH.timeoutMs, deadline.left() - reserve)
    let scan: Scan | string
    if (timeoutMs <= 0) scan = 'out of time before its turn; raise --timeout if this host is slow'
    else if (isUsers && mostOfUsers <= 0) scan = 'too many deleted files of users before its turn'
    else scan = grepMaps(host, [pid], { ...EACH, timeoutMs })
    if (typeof scan === 'string') problems.push({ pid, message: `/proc/${pid}/maps: ${scan}` })
    else {
      files.push(...scan.files)
      problems.push(...scan.problems)
      if (isUsers) mostOfUsers -= scan.files.length
    }
  }
  return { files, problems }
}

/**
 * `grep` over the maps of many processes; names are relative, so that --root can be any path. One
 * that has ended has none.
 *
 * @returns a word on why not all was read
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
  // 1 is "no match"; 0 a match, which it has printed, and 2 an error, which it has named.
  const silent = ended.exitCode === 0 ? ended.stdout.length === 0 : ended.stderr === ''
  if (ended.exitCode !== 1 && (silent || (ended.exitCode !== 0 && ended.exitCode !== 2))) {
    throw new SentinelError(`grep failed on /proc with exit ${ended.exitCode}`)
  }
  return {
    files: parseMatches(ended.stdout.toString()),
    problems: parseErrors(host, ended.stderr),
  }
}

/** `PID/maps`, a NUL, and the line, as -Z has it: no name or line can be taken for another. */
export function parseMatches(output: string): DeletedFile[] {
  return output.split('\n').flatMap((match) => {
    const [file, line] = match.split('/maps\0')
    return (line !== undefined && parseMapsLine(Number(file), line)) || []
  })
}

/** Every line that grep prints to stderr is a process that was not seen, but for those that ended. */
function parseErrors(host: Host, stderr: string): ProcessProblem[] {
  return stderr.split('\n').flatMap((line) => {
    if (line === '') return []
    const [, file, reason = ''] = /grep: (\d+)\/maps: (.*)$/.exec(line) ?? []
    // What is of no process is PID 1's: the whole look has failed.
    if (file === undefined) return [{ pid: 1, message: `reading /proc: ${line}` }]
    if (reason === 'No such process' || host.lstat(`/proc/${file}`) === undefined) return []
    const hint = reason === 'Permission denied' && !isRoot() ? ' (run as root)' : ''
    return [{ pid: Number(file), message: `/proc/${file}/maps: ${reason}${hint}` }]
  })
}

/** What a scanner saw: deleted files that are mapped executable, and what it could not read. */
export interface Scan {
  files: DeletedFile[]
  problems: ProcessProblem[]
}

/** Looks through the host's processes. Two kinds exist: our own, and the real lsof. */
export type Scanner = (
  host: Host,
  processes: HostProcesses,
  deadline: Deadline,
) => Scan | Promise<Scan>
