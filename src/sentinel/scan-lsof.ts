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

/** What lsof lists: for each PID the names of its deleted mappings, and what it may not see. */
interface Listed {
  names: Map<number, Set<string>>
  problems: ProcessProblem[]
}

/**
 * The same scan with the real lsof as the one that finds, for those who want the reference. Of what
 * it lists the maps then tell what is executable, which lsof does not.
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
 * Only what costs little: no names looked up (-n -P), no threads (-K i), no files but mappings
 * without a directory entry (DEL) and executables (txt). Not -w: that would also keep quiet about
 * what lsof may not see.
 */
async function runLsof(pids: number[], deadline: Deadline): Promise<string> {
  const timeout = Math.max(1, deadline.left() / 2)
  const args = ['-n', '-P', '-K', 'i', '-a', '-d', 'DEL,txt', '-p', pids.join(','), '-F0pfn']
  const running = execa('/usr/bin/lsof', args, {
    env: PROGRAM_ENVIRONMENT,
    extendEnv: false,
    stdin: 'ignore',
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 16 * 1024 * 1024,
    reject: false,
  })
  // lsof looks at people's files: a dead FUSE server holds it even against SIGKILL.
  const ended = await Promise.race([running, sleep(timeout + 200, undefined, { ref: false })])
  if (ended === undefined || ended.timedOut) throw new SentinelError('lsof did not end in time')
  // People's FUSE mounts it may not look at, and need not.
  const complaints = ended.stderr
    .split('\n')
    .filter((line) => !/^$|WARNING: can't stat\(\)|Output information may be incomplete/.test(line))
  // 1 also means that nothing matched; with 0 it has listed something.
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
