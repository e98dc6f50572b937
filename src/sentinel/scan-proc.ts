import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { runProgram, type Ended } from '../host/program.ts'
import { LINE_MARK, parseMapsLine, type Mapping } from '../process/maps.ts'
import { listPids } from '../process/process.ts'
import { unreadable, type Finding } from './finding.ts'
import { startGlance, type Glance } from './glance.ts'
import type { Scan } from './scan.ts'

/** In less time than this a process that was not reached need not be stuck. */
const FAIR_MS = 100

/**
 * Finds deleted executable mappings in /proc/PID/maps.
 *
 * The reading is grep's, in a process of its own, because reading another process's maps can wait
 * for ever in the kernel (its memory lock, held by a thread that waits for a dead server): only
 * SIGKILL gets a reader out, and a reader inside this process could then not even exit.
 *
 * @param glance one that was started before
 */
export async function scanProc(
  host: Host,
  deadline: Deadline,
  glance: Glance | undefined = startGlance(host),
): Promise<Scan> {
  const pids = glance?.pids ?? listPids(host)
  if (!pids.includes(1)) {
    const why =
      'PID 1 is not in /proc: not all processes can be seen (run as root, without hidepid)'
    return { mappings: [], problems: [unreadable(why)] }
  }
  const outcome = await glance?.outcome(deadline.left() / 2)
  if (outcome === 'clean') return { mappings: [], problems: [] }
  if (outcome === 'late') return { mappings: [], problems: [findStuck(host, pids, deadline)] }
  return readMappings(host, listPids(host), deadline)
}

/** The deleted executable mappings of these processes; one that has ended has none. */
export function readMappings(host: Host, pids: number[], deadline: Deadline): Scan {
  const ended = grepMaps(host, pids, [], deadline.left() / 2)
  if (ended.timedOut) return { mappings: [], problems: [findStuck(host, pids, deadline)] }
  // 1 is "no match"; 0 a match, which it has printed, and 2 an error, which it has named.
  const silent = ended.exitCode === 0 ? ended.stdout.length === 0 : ended.stderr === ''
  if (ended.exitCode !== 1 && (silent || (ended.exitCode !== 0 && ended.exitCode !== 2))) {
    throw new SentinelError(`grep failed on /proc with exit ${ended.exitCode}`)
  }
  return {
    mappings: parseMatches(ended.stdout.toString()),
    problems: parseErrors(host, ended.stderr),
  }
}

/** `grep` over the maps of many processes; names are relative, so that --root can be any path. */
function grepMaps(host: Host, pids: number[], options: string[], timeoutMs: number): Ended {
  const args = ['-a', '-H', '-Z', ...options, '-E', '-e', LINE_MARK]
  const files = pids.map((pid) => `${pid}/maps`)
  return runProgram('/usr/bin/grep', [...args, '--', ...files], {
    timeoutMs,
    cwd: host.path('/proc'),
  })
}

/** `PID/maps`, a NUL, and the line, as -Z has it: no name or line can be taken for another. */
export function parseMatches(output: string): Mapping[] {
  return output.split('\n').flatMap((match) => {
    const [file, line] = match.split('/maps\0')
    return (line !== undefined && parseMapsLine(Number(file), line)) || []
  })
}

/** Every line that grep prints to stderr is a process that was not seen, but for those that ended. */
function parseErrors(host: Host, stderr: string): Finding[] {
  return stderr.split('\n').flatMap((line) => {
    const [, file, reason = ''] = /grep: (\d+)\/maps: (.*)$/.exec(line) ?? []
    if (line === '') return []
    if (file === undefined) return [unreadable(`reading /proc: ${line}`)]
    if (reason === 'No such process' || host.lstat(`/proc/${file}`) === undefined) return []
    const path = `/proc/${file}/maps`
    const hint = reason === 'Permission denied' && process.geteuid?.() !== 0 ? ' (run as root)' : ''
    return [unreadable(`${path}: ${reason}${hint}`, { pid: Number(file), path })]
  })
}

/** With -c grep prints a line as it is done with each file: the first one missing is the stuck one. */
function findStuck(host: Host, pids: number[], deadline: Deadline): Finding {
  const timeoutMs = deadline.left() / 2
  const ended = grepMaps(host, pids, ['-c', '-m1', '--line-buffered'], timeoutMs)
  const done = new Set(
    ended.stdout
      .toString()
      .match(/^\d+(?=\/maps\0)/gm)
      ?.map(Number),
  )
  const failed = new Set(ended.stderr.match(/\d+(?=\/maps: )/g)?.map(Number))
  const stuck = pids.find((pid) => !done.has(pid) && !failed.has(pid))
  if (!ended.timedOut || stuck === undefined || timeoutMs < FAIR_MS) {
    return unreadable('reading the processes took too long; raise --timeout if this host is slow')
  }
  const message = `reading /proc/${stuck}/maps does not end, so no process could be judged`
  return unreadable(message, { pid: stuck, path: `/proc/${stuck}/maps` })
}
