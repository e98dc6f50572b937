import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { PROGRAM_ENVIRONMENT } from '../host/program.ts'
import type { HostProcesses, ProcessProblem } from '../proc/host-processes.ts'
import type { DeletedFile } from '../proc/maps.ts'
import { grepMaps } from './scan-proc.ts'
import type { Scan } from './scan-proc.ts'

/** lsof's list: the names of deleted mappings by PID, and the processes that it may not see. */
interface Listed {
  names: Map<number, Set<string>>
  problems: ProcessProblem[]
}

/**
 * The same scan by the real lsof, for those who want the reference. /proc/PID/maps then tells which of
 * the listed files are mapped executable, which lsof does not.
 */
export async function scanLsof(
  host: Host,
  { pids }: HostProcesses,
  deadline: Deadline,
): Promise<Scan> {
  const { names, problems } = parseLsof(await runLsof(pids, deadline))
  const scan = grepMaps(host, [...names.keys()], { timeoutMs: deadline.left() / 2 })
  if (typeof scan === 'string') throw new SentinelError(`the maps of what lsof lists: ${scan}`)
  const listed = ({ pid, name }: DeletedFile) => names.get(pid)?.has(name) === true
  return { files: scan.files.filter(listed), problems: [...problems, ...scan.problems] }
}

/**
 * Only the cheap part: no names looked up (-n -P), no threads (-K i), no files except mappings without
 * a directory entry (DEL) and executables (txt). Not -w: it would also hide what lsof may not see.
 */
async function runLsof(pids: number[], deadline: Deadline): Promise<string> {
  const timeout = Math.max(1, deadline.left() / 2)
  const args = ['-n', '-P', '-K', 'i', '-a', '-d', 'DEL,txt', '-p', pids.join(','), '-F0pfn']
  const running = execa('/usr/bin/lsof', args, {
    cwd: '/',
    env: PROGRAM_ENVIRONMENT,
    extendEnv: false,
    stdin: 'ignore',
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 16 * 1024 * 1024,
    reject: false,
  })
  // lsof calls stat on users' files: a dead FUSE server keeps it even from SIGKILL.
  const ended = await Promise.race([running, sleep(timeout + 200, undefined, { ref: false })])
  if (ended === undefined || ended.timedOut) throw new SentinelError('lsof did not end in time')
  // It may not look at users' FUSE mounts, and need not.
  const complaints = ended.stderr
    .split('\n')
    .filter((line) => !/^$|WARNING: can't stat\(\)|Output information may be incomplete/.test(line))
  // Exit code 1 also means that nothing matched; with 0 there is a list.
  const silent = ended.exitCode === 0 && ended.stdout === ''
  if ((ended.exitCode !== 0 && ended.exitCode !== 1) || silent || complaints.length > 0) {
    const reason = complaints.join('; ') || ended.originalMessage || `exit ${ended.exitCode}`
    throw new SentinelError(`lsof failed (is it installed?): ${reason}`)
  }
  return ended.stdout
}

/** Reads `lsof -F0pfn`: one line for a process, one for each file, fields ended by NUL. */
export function parseLsof(output: string): Listed {
  const names = new Map<number, Set<string>>()
  const problems: ProcessProblem[] = []
  let pid = 0
  for (const line of output.split('\n')) {
    const fields = new Map(line.split('\0').map((field) => [field.charAt(0), field.slice(1)]))
    pid = Number(fields.get('p') ?? pid)
    const name = fields.get('n') ?? ''
    if (/ \(readlink: .*\)$/.test(name)) problems.push({ pid, message: name })
    const deleted = fields.get('f') === 'DEL' ? `${name} (deleted)` : name
    if (!deleted.endsWith(' (deleted)')) continue
    names.set(pid, (names.get(pid) ?? new Set()).add(deleted))
  }
  return { names, problems }
}
