import { dirname } from 'node:path'
import type { Config } from '../config/config.ts'
import { errorCode, errorText, SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import { fnmatch } from '../text/fnmatch.ts'
import type { Host } from '../host/host.ts'
import type { ReplacedFiles } from '../pacman/replaced.ts'
import { HostProcesses, type ProcessProblem } from '../proc/host-processes.ts'
import { deletedExecutable, possiblePaths, type DeletedFile } from '../proc/maps.ts'
import { Namespaces } from '../proc/namespaces.ts'
import { readProcess, unlessGone, type Process, type UnitProcess } from '../proc/process.ts'
import { readFacts, type FactsByPath, type FileFacts } from './file-facts.ts'
import { ignore, unreadable, type Finding } from './finding.ts'
import type { Scanner } from './scan-proc.ts'

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
  /** whether all processes were seen, and none runs what pacman replaced */
  clean: boolean
  /** the processes of the findings that count */
  stale: UnitProcess[]
}

/** A file that a process runs, and what it comes to if nothing speaks against it. */
interface Candidate {
  file: DeletedFile
  /** the paths its name can stand for */
  paths: string[]
  process: Process
  finding: Finding
}

/**
 * Finds the host's processes that still run files which pacman replaced in this boot: deleted ones,
 * of which the kernel says that they are root's alone and on the file system of the directory that
 * their name tells. The name is the process's word, and no more than a key into pacman's list.
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
  for (const file of onceEach(processes, [...scan.files, ...executables.values()])) {
    const paths = possiblePaths(file.name)
    const path = paths.find((name) => replaced.has(name))
    const byPacman = path !== undefined || isSillyRename(file, replaced)
    clean &&= !byPacman
    if (!byPacman && config.count === 'replaced' && !all) continue
    try {
      if (deadline.left() === 0) throw new SentinelError('out of time')
      const process = readScanned(host, file.pid, scanStart)
      if (process === undefined) continue
      const unit = processes.membership(file.pid)?.unit
      const kind = executables.get(file.pid)?.name === file.name ? 'executable' : 'library'
      const finding = describe(file, kind, path ?? paths[0] ?? file.name, process, unit, byPacman)
      const userSlice = processes.membership(file.pid)?.userSlice === true
      const why = whyIgnored(finding, userSlice, config)
      if (why !== undefined) findings.push(ignore(finding, why))
      else candidates.push({ file, paths, process, finding })
    } catch (error) {
      problems.push({ pid: file.pid, message: errorText(error) })
    }
  }
  if (candidates.length > 0) {
    findings.push(...(await judge(sources, processes, candidates, problems)))
  }
  findings.push(...problems.map((problem) => asFinding(processes, problem)))
  const counting = new Set(findings.filter(({ effect }) => effect === 'reboot'))
  const stale = candidates
    .filter(({ finding }) => counting.has(finding))
    .flatMap(({ process }) => {
      const membership = processes.membership(process.pid)
      return membership === undefined ? [] : [{ ...process, ...membership }]
    })
  const once = new Map(stale.map((process) => [process.pid, process]))
  return { findings, clean: clean && problems.length === 0, stale: [...once.values()] }
}

/** What cannot be seen of a process leaves the answer unsure, unless it is one that anybody may make so. */
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
      // A kernel thread has none, nor one that has ended; and no package has a name that long.
      if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENAMETOOLONG') continue
      // Of what may not be seen, its maps have told already.
      if (code !== 'EACCES') problems.push({ pid, message: errorText(error) })
    }
  }
  return found
}

/** Of several pieces of a file, one; the processes first whose answers are needed. */
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

/** An NFS client keeps a file that is removed in use, in its directory; its name does not tell which. */
function isSillyRename({ name }: DeletedFile, replaced: ReplacedFiles): boolean {
  return possiblePaths(name).length === 0 && replaced.below(dirname(name)).length > 0
}

/**
 * The process that was scanned. A PID that was taken anew after the scan began is another one.
 *
 * @returns undefined when it has ended
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

/** What takes a finding out before the file itself is looked at, or undefined. */
function whyIgnored(finding: Finding, userSlice: boolean, config: Config): string | undefined {
  if (finding.byPacman === false && config.count === 'replaced') {
    return 'pacman has not replaced it in this boot'
  }
  if (finding.kind === 'executable' && !config.executables) return 'executables = no'
  if (userSlice && !config.userSlice) return 'user-slice = no'
  const lists = [
    ['ignore-path', config.ignorePaths, finding.path],
    ['ignore-command', config.ignoreCommands, finding.command],
    // A user's own units are named by the user.
    ['ignore-unit', config.ignoreUnits, userSlice ? undefined : finding.unit],
  ] as const
  for (const [key, patterns, value] of lists) {
    const pattern = value !== undefined && patterns.find((listed) => fnmatch(listed)(value))
    if (pattern) return `${key} = ${pattern}`
  }
  return undefined
}

/** Looks at the files themselves, then at whose view of the file system their names are. */
async function judge(
  { host, deadline }: StaleCodeSources,
  processes: HostProcesses,
  candidates: Candidate[],
  problems: ProcessProblem[],
): Promise<Finding[]> {
  const namespaces = new Namespaces(host)
  // Below a --root whose processes are no live ones, nothing leads to the files.
  const files = isLive(host) ? candidates.map(({ file }) => file) : []
  const links = new Map(files.map((file) => [linkOf(file), file]))
  const paths = candidates.flatMap((candidate) => candidate.paths)
  const facts = await readFacts(
    host,
    [...links.keys(), ...paths, ...paths.flatMap(ancestors)],
    (path) => {
      const file = links.get(path)
      if (file === undefined) return namespaces.isSystems(path)
      // Any user's process may put another file in its place meanwhile.
      return processes.mayBlock(file.pid) && namespaces.isSystems(path, file.device ?? '')
    },
    deadline,
  )
  return candidates.flatMap((candidate) => {
    const { pid } = candidate.file
    const look = () => whyNot(candidate, links.size > 0, facts, namespaces, processes)
    try {
      const why = unlessGone(host, pid, look)
      if (why === undefined) return []
      return [why === COUNTS ? candidate.finding : ignore(candidate.finding, why)]
    } catch (error) {
      problems.push({ pid, message: errorText(error) })
      return []
    }
  })
}

const COUNTS = ''

/**
 * Why a file does not count, or COUNTS; undefined where the process has let go of it.
 *
 * @throws SentinelError, or the system error, where that cannot be told
 */
function whyNot(
  { file, paths, finding }: Candidate,
  isLooked: boolean,
  facts: FactsByPath,
  namespaces: Namespaces,
  processes: HostProcesses,
): string | undefined {
  const { pid, name } = file
  const { path = '' } = finding
  // Whoever makes a user namespace mounts in it, and names, what they like.
  if (processes.membership(pid)?.userSlice === true && namespaces.hasOwnUsers(pid)) {
    return 'a user’s own namespace'
  }
  let { inode } = file
  if (isLooked) {
    const mapped = known(facts.get(linkOf(file)))
    if (mapped === undefined) return undefined
    if (mapped.owner !== '0' || (mapped.mode & 0o022) !== 0) {
      return 'the file is not root’s alone, as a packaged one is'
    }
    const directory = ancestors(path).find((above) => facts.has(above)) ?? '/'
    if (mapped.device !== known(facts.get(directory))?.device) {
      return `the file is on another file system than the host’s ${directory}`
    }
    inode = mapped.inode
  }
  if (!namespaces.meansTheSame(pid, path)) return "a file of the process's own, not of the host's"
  if (name.includes('\uFFFD'))
    throw new SentinelError(`a name that is not UTF-8: ${finding.message}`)
  const there = paths.some((one) => inode !== undefined && known(facts.get(one))?.inode === inode)
  return there ? 'the path still leads to this file' : COUNTS
}

function known(facts: FileFacts | SentinelError | undefined): FileFacts | undefined {
  if (facts instanceof SentinelError) throw facts
  return facts
}

function isLive(host: Host): boolean {
  return host.root === '' || host.lstat('/proc/1/map_files') !== undefined
}

function linkOf({ pid, link }: DeletedFile): string {
  return `/proc/${pid}/${link}`
}

/** The directories above a path, the nearest first. */
function ancestors(path: string): string[] {
  const above = dirname(path)
  return above === path ? [] : [above, ...ancestors(above)]
}
