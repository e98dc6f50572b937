import type { Config } from '../config/config.ts'
import { errorText } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import { fnmatch } from '../host/fnmatch.ts'
import type { Host } from '../host/host.ts'
import { isPackaged, possiblePaths, type Mapping } from '../process/maps.ts'
import { parseMountinfo } from '../process/mountinfo.ts'
import { readProcess, Views, type Process } from '../process/process.ts'
import { ignore, unreadable, type Finding } from './finding.ts'
import { readInodes } from './inodes.ts'
import type { Scanner } from './scan.ts'

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
  const { mappings, problems } = await scanner(host, deadline)
  if (mappings.length === 0) return problems
  const views = new Views(host)
  const hostView = parseMountinfo(host.readText('/proc/1/mountinfo'))
  const findings: Finding[] = []
  const candidates: { finding: Finding; mapping: Mapping }[] = []
  for (const [pid, own] of byProcess(mappings)) {
    if (deadline.left() === 0) return [...problems, unreadable('out of time')]
    let process: Process | undefined
    try {
      process = readProcess(host, pid, views)
    } catch (error) {
      problems.push(unreadable(errorText(error), { pid }))
    }
    // A PID that was taken anew after the scan began is another process than the one scanned.
    if (process === undefined || process.startedAt >= scanStart) continue
    for (const mapping of own) {
      if (mapping.name.includes('\uFFFD')) {
        problems.push(unreadable(`a file name that is not UTF-8: ${mapping.name}`, { pid }))
        continue
      }
      const finding = describe(mapping, process)
      const why = whyNotOurs(mapping, process, hostView) ?? whyIgnored(finding, process, config)
      if (why !== undefined) findings.push(ignore(finding, why))
      else candidates.push({ finding, mapping })
    }
  }
  const paths = candidates.flatMap(({ mapping }) => possiblePaths(mapping.name))
  const today = await readInodes(host, paths, deadline)
  for (const { finding, mapping } of candidates) {
    const there = possiblePaths(mapping.name).some(
      (path) => today.inodes.get(path) === mapping.inode,
    )
    findings.push(there ? ignore(finding, 'the path still leads to this file') : finding)
  }
  return [...problems, ...today.problems, ...findings]
}

/** One mapping for each name of each process: code is often mapped in several pieces. */
function byProcess(mappings: Mapping[]): Map<number, Mapping[]> {
  const processes = new Map<number, Map<string, Mapping>>()
  for (const mapping of mappings) {
    const names = processes.get(mapping.pid) ?? new Map<string, Mapping>()
    processes.set(mapping.pid, names.set(`${mapping.name} ${mapping.inode}`, mapping))
  }
  return new Map([...processes].map(([pid, names]) => [pid, [...names.values()]]))
}

function describe(mapping: Mapping, { pid, command, unit, executable }: Process): Finding {
  const path = possiblePaths(mapping.name)[0] ?? mapping.name
  const kind = executable.replaceAll('\n', '\\012') === mapping.name ? 'executable' : 'library'
  const message = `${command}[${pid}] runs a replaced ${kind}: ${path}`
  return {
    kind,
    effect: 'reboot',
    message,
    pid,
    command,
    path,
    ...(unit !== undefined && { unit }),
  }
}

/** Why a mapping is no file that this host's packages replaced, or undefined. */
function whyNotOurs(
  mapping: Mapping,
  process: Process,
  hostView: (path: string) => string | undefined,
) {
  const [path = ''] = possiblePaths(mapping.name)
  if (!isPackaged(path)) return 'not a file that packages install'
  if (process.container) return 'a process of a container'
  const location = process.locate(path)
  if (location === undefined || location !== hostView(path)) {
    return "a file of the process's own file system, not of the host's"
  }
  return undefined
}

/** Which line of the configuration takes a finding out, or undefined. */
function whyIgnored(finding: Finding, process: Process, config: Config): string | undefined {
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
