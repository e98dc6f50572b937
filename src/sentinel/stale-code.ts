import type { Config } from '../config/config.ts'
import { errorText, SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import { fnmatch } from '../host/fnmatch.ts'
import type { Host } from '../host/host.ts'
import { possiblePaths, type Mapping } from '../process/maps.ts'
import { location, type View } from '../process/mountinfo.ts'
import { readHostView, readProcess, Views, type Process } from '../process/process.ts'
import { ignore, unreadable, type Finding } from './finding.ts'
import { readInodes } from './inodes.ts'
import { readMountIds } from './mounts.ts'
import type { Scanner } from './scan.ts'

/** A mapping of a process, and what it comes to if nothing speaks against it. */
interface Candidate {
  mapping: Mapping
  /** the paths its name can stand for */
  paths: string[]
  process: Process
  finding: Finding
}

/**
 * Finds the processes of the host that still run files which an upgrade replaced: executable
 * mappings, of packaged paths, that the path today does not lead to.
 */
export async function collectStaleCode(
  host: Host,
  scanner: Scanner,
  config: Config,
  deadline: Deadline,
): Promise<Finding[]> {
  const scanStart = host.uptime()
  const { mappings, problems: findings } = await scanner(host, deadline)
  if (mappings.length === 0) return findings
  const candidates: Candidate[] = []
  for (const candidate of describeAll(host, mappings, scanStart, deadline)) {
    if (!('mapping' in candidate)) {
      findings.push(candidate)
      continue
    }
    const why = whyIgnored(candidate, config)
    if (why !== undefined) findings.push(ignore(candidate.finding, why))
    else candidates.push(candidate)
  }
  const isOurs = await filesOfTheHost(host, candidates, deadline)
  const ours = candidates.filter((candidate) => {
    if (!isOurs(candidate)) {
      findings.push(ignore(candidate.finding, "a file of the process's own, not of the host's"))
      return false
    }
    if (!candidate.mapping.name.includes('\uFFFD')) return true
    const { finding, mapping } = candidate
    findings.push(unreadable(`a name that is not UTF-8: ${finding.message}`, { pid: mapping.pid }))
    return false
  })
  const today = await readInodes(
    host,
    ours.flatMap(({ paths }) => paths),
    deadline,
  )
  for (const { finding, mapping, paths } of ours) {
    const there = paths.some((path) => today.get(path) === mapping.inode)
    findings.push(there ? ignore(finding, 'the path still leads to this file') : finding)
  }
  return findings
}

/**
 * What each mapping says, with what is known of its process; of several pieces of a file, one. A
 * process that cannot be read gives a finding of that instead.
 */
function* describeAll(
  host: Host,
  mappings: Mapping[],
  scanStart: number,
  deadline: Deadline,
): Generator<Candidate | Finding> {
  const views = new Views(host)
  const seen = new Set<string>()
  const processes = new Map<number, Process | undefined>()
  for (const mapping of mappings) {
    const { pid } = mapping
    const key = `${pid} ${mapping.inode} ${mapping.name}`
    if (seen.has(key)) continue
    seen.add(key)
    if (deadline.left() === 0) throw new SentinelError('out of time')
    if (!processes.has(pid)) {
      processes.set(pid, undefined)
      try {
        processes.set(pid, readScanned(host, pid, views, scanStart))
      } catch (error) {
        yield unreadable(errorText(error), { pid })
      }
    }
    const process = processes.get(pid)
    if (process === undefined) continue
    const paths = possiblePaths(mapping.name)
    yield { mapping, paths, process, finding: describe(mapping, paths, process) }
  }
}

/**
 * The process that was scanned. A PID that was taken anew after the scan began is another one.
 *
 * @returns undefined when it has ended
 * @throws SentinelError, or the system error, when it cannot be told
 */
function readScanned(
  host: Host,
  pid: number,
  views: Views,
  scanStart: number,
): Process | undefined {
  const process = readProcess(host, pid, views)
  if (process === undefined || process.startedAt < scanStart) return process
  if (process.startedAt <= host.uptime()) return undefined
  const message = `${process.command}[${pid}] started after now: is /proc/uptime the host's?`
  throw new SentinelError(message)
}

function describe(
  { name, pid }: Mapping,
  [path = name]: string[],
  { command, unit, executable }: Process,
): Finding {
  const kind = executable.replaceAll('\n', '\\012') === name ? 'executable' : 'library'
  const message = `${command}[${pid}] runs a replaced ${kind}: ${path}`
  return { kind, effect: 'reboot', message, pid, command, path, ...(unit && { unit }) }
}

/**
 * Tells whether a mapped file is the one that the host has, or had, at its path. It is where the
 * kernel says that the file was opened on the mount on which that path is: in PID 1's view (a
 * daemon that went into a chroot later), or in the process's own, when both views mean the same
 * place (a sandboxed service, whose /usr is the host's mounted again). Containers, chroots and
 * anybody's mounts that were detached fail both.
 */
async function filesOfTheHost(
  host: Host,
  candidates: Candidate[],
  deadline: Deadline,
): Promise<(candidate: Candidate) => boolean> {
  const mounts = await readMountIds(
    host,
    candidates.map(({ mapping }) => mapping),
    deadline,
  )
  const hostView = readHostView(host)
  return ({ mapping, process, finding: { path = '' } }) => {
    const theirs = process.view.mountOf(path)
    const ours = hostMount(hostView, path)
    const samePlace = theirs !== undefined && location(theirs, path) === location(ours, path)
    if (mounts === undefined) return samePlace
    const id = mounts.get(mapping)
    return id === ours.id || (samePlace && id === theirs.id)
  }
}

function hostMount(view: View, path: string) {
  const mount = view.mountOf(path)
  if (mount === undefined) throw new SentinelError('/proc/1/mountinfo names no root file system')
  return mount
}

/** What takes a mapping out before anything else is asked, or undefined. */
function whyIgnored({ finding, process }: Candidate, config: Config): string | undefined {
  if (process.container) return 'a process of a container'
  if (finding.kind === 'executable' && !config.executables) return 'executables = no'
  if (process.userSlice && !config.userSlice) return 'user-slice = no'
  const lists = [
    ['ignore-path', config.ignorePaths, finding.path],
    ['ignore-command', config.ignoreCommands, finding.command],
    // A user's own units are named by the user.
    ['ignore-unit', config.ignoreUnits, process.userSlice ? undefined : finding.unit],
  ] as const
  for (const [key, patterns, value] of lists) {
    const pattern = value !== undefined && patterns.find((listed) => fnmatch(listed)(value))
    if (pattern) return `${key} = ${pattern}`
  }
  return undefined
}
