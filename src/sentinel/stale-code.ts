import { dirname } from 'node:path'
import type { Config } from '../config/config.ts'
import { errorCode, errorText, SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { ReplacedFiles } from '../pacman/replaced.ts'
import { HostProcesses, type ProcessProblem } from '../proc/host-processes.ts'
import { deletedExecutable, possiblePaths, type DeletedFile } from '../proc/maps.ts'
import { readProcess, type Process, type UnitProcess } from '../proc/process.ts'
import { ignore, unreadable, type Finding } from './finding.ts'
import { whyIgnored } from './ignore-rules.ts'
import type { Scanner } from './scan-proc.ts'
import { judgeFiles, type Candidate } from './stale-file.ts'

/** So many deleted files of users' processes are judged: a user can map any number. */
const MOST_USER_FILES = 500

/** What a look at the processes rests on. */
export interface StaleCodeSources {
  host: Host
  config: Config
  replaced: ReplacedFiles
  scanner: Scanner
  deadline: Deadline
  /** whether what cannot count is reported as well */
  all: boolean
}

export interface StaleCode {
  findings: Finding[]
  /** whether all processes were seen, and none runs a file that pacman replaced */
  clean: boolean
  /** the processes of the findings that count and whose file pacman replaced */
  stale: UnitProcess[]
}

/**
 * Finds the host's processes that still run files which pacman replaced in this boot. A file's name
 * is the process's word: it serves as a key into pacman's list, and judgeFiles() asks the kernel.
 */
export async function collectStaleCode(sources: StaleCodeSources): Promise<StaleCode> {
  const { host, config, replaced, scanner, deadline, all } = sources
  const scanStart = host.uptime()
  const processes = new HostProcesses(host)
  const findings: Finding[] = []
  const problems = [...processes.problems]
  let clean = true
  if (!processes.pids.includes(1)) {
    const why =
      'PID 1 is not in /proc: not all processes can be seen (run as root, without hidepid)'
    return { findings: [unreadable(why)], clean: false, stale: [] }
  }
  const scan = await scanner(host, processes, deadline)
  const executables = readExecutables(host, processes, problems)
  problems.push(...scan.problems)
  const candidates: Candidate[] = []
  let ofUsers = 0
  for (const file of onceEach(processes, [...scan.files, ...executables.values()])) {
    const trusted = processes.mayBlock(file.pid)
    const paths = possiblePaths(file.name)
    const path = paths.find((name) => replaced.has(name))
    const byPacman = path !== undefined || (trusted && isSillyRename(file, replaced))
    clean &&= !byPacman
    if (!byPacman && config.count === 'replaced' && !all) continue
    if (!trusted && ++ofUsers > MOST_USER_FILES) {
      clean = false
      continue
    }
    try {
      if (deadline.left() === 0) throw new SentinelError('out of time')
      const process = readScanned(host, file.pid, scanStart)
      if (process === undefined) continue
      const { unit, userSlice = false } = processes.membership(file.pid) ?? {}
      const kind = executables.get(file.pid)?.name === file.name ? 'executable' : 'library'
      const finding = describe(file, kind, path ?? paths[0] ?? file.name, process, unit, byPacman)
      const why = whyIgnored(finding, userSlice, config)
      if (why !== undefined) findings.push(ignore(finding, why))
      else candidates.push({ file, paths, process, finding })
    } catch (error) {
      problems.push({ pid: file.pid, message: errorText(error) })
    }
  }
  const stale = new Map<number, UnitProcess>()
  for (const { candidate, why, problem } of await judgeFiles(
    host,
    processes,
    candidates,
    deadline,
  )) {
    const { process, finding } = candidate
    if (problem !== undefined) {
      problems.push({ pid: process.pid, message: errorText(problem) })
      continue
    }
    findings.push(why === undefined ? finding : ignore(finding, why))
    const membership = processes.membership(process.pid)
    if (why === undefined && finding.byPacman && membership) {
      stale.set(process.pid, { ...process, ...membership })
    }
  }
  findings.push(...problems.map((found) => asFinding(processes, found)))
  if (ofUsers > MOST_USER_FILES) {
    const message = `users’ processes run ${ofUsers} deleted files`
    findings.push(ignore(unreadable(message), `only ${MOST_USER_FILES} of them are looked at`))
  }
  return { findings, clean: clean && problems.length === 0, stale: [...stale.values()] }
}

/** A process that cannot be seen leaves the answer unsure, unless any user can make it so. */
function asFinding(processes: HostProcesses, { pid, message }: ProcessProblem): Finding {
  const finding = unreadable(message, { pid })
  return processes.mayBlock(pid) ? finding : ignore(finding, 'an ordinary user’s process')
}

/** The processes whose executable is deleted, by PID. No file is opened for that. */
function readExecutables(
  host: Host,
  processes: HostProcesses,
  problems: ProcessProblem[],
): Map<number, DeletedFile> {
  const found = new Map<number, DeletedFile>()
  for (const pid of processes.pids) {
    try {
      const file = deletedExecutable(pid, host.readLink(`/proc/${pid}/exe`))
      if (file !== undefined) found.set(pid, file)
    } catch (error) {
      const code = errorCode(error)
      // A kernel thread has none, nor has a process that ended; and no package has a name that long.
      if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENAMETOOLONG') continue
      // Where it may not be read, the process's maps may not either, and that is reported already.
      if (code !== 'EACCES') problems.push({ pid, message: errorText(error) })
    }
  }
  return found
}

/** A file that is mapped in several pieces once; first the processes that may block the answer. */
function onceEach(processes: HostProcesses, files: DeletedFile[]): DeletedFile[] {
  const byPid = new Map<number, Map<string, DeletedFile>>()
  for (const file of files) {
    const names = byPid.get(file.pid) ?? new Map<string, DeletedFile>()
    if (!names.has(file.name)) names.set(file.name, file)
    byPid.set(file.pid, names)
  }
  return processes
    .inOrder([...byPid.keys()])
    .flatMap((pid) => [...(byPid.get(pid)?.values() ?? [])])
}

/** An NFS client renames a file that is removed while in use, within its directory. [fs/nfs/unlink.c] */
function isSillyRename({ name }: DeletedFile, replaced: ReplacedFiles): boolean {
  return possiblePaths(name).length === 0 && replaced.below(dirname(name)).length > 0
}

/**
 * The process that was scanned. If it started after the scan, its PID was taken anew.
 *
 * @returns undefined when the scanned one has ended
 * @throws SentinelError, or the system error, when it cannot be told
 */
function readScanned(host: Host, pid: number, scanStart: number): Process | undefined {
  const process = readProcess(host, pid)
  if (process === undefined || process.startedAt < scanStart) return process
  if (process.startedAt <= host.uptime()) return undefined
  const message = `${process.command}[${pid}] started after now: is /proc/uptime the host's?`
  throw new SentinelError(message)
}

function describe(
  { pid }: DeletedFile,
  kind: 'library' | 'executable',
  path: string,
  { command }: Process,
  unit: string | undefined,
  byPacman: boolean,
): Finding {
  const what = byPacman ? 'replaced' : 'deleted'
  const message = `${command}[${pid}] runs a ${what} ${kind}: ${path}`
  return { kind, effect: 'reboot', message, pid, command, path, byPacman, ...(unit && { unit }) }
}
