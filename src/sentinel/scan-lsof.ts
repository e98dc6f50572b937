import { execa } from 'execa'
import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { PROGRAM_ENVIRONMENT } from '../host/program.ts'
import type { Mapping } from '../process/maps.ts'
import { unreadable, type Finding } from './finding.ts'
import type { Scan } from './scan.ts'

/**
 * The same scan through the real lsof, for those who want the reference. Only what costs little: no
 * names looked up (-n -P), no threads (-K i), no files but mappings without a directory entry (DEL)
 * and executables (txt).
 *
 * lsof does not say which mappings are executable: of the DEL ones, those named like a library count.
 */
export async function scanLsof(_: Host, deadline: Deadline): Promise<Scan> {
  // Not -w: that would also keep quiet about what lsof may not see.
  const args = ['-n', '-P', '-K', 'i', '-d', 'DEL,txt', '-F0pfin']
  const ended = await execa('/usr/bin/lsof', args, {
    env: PROGRAM_ENVIRONMENT,
    extendEnv: false,
    stdin: 'ignore',
    timeout: Math.max(1, deadline.left() / 2),
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
    reject: false,
  })
  if (ended.timedOut) throw new SentinelError('lsof did not end in time')
  // It may not stat people's FUSE mounts, and need not.
  const complaints = ended.stderr
    .split('\n')
    .filter((line) => !/^$|WARNING: can't stat\(\)|Output information may be incomplete/.test(line))
  // 1 also means that nothing matched.
  if ((ended.exitCode !== 0 && ended.exitCode !== 1) || complaints.length > 0) {
    const reason = complaints.join('; ') || ended.originalMessage || `exit ${ended.exitCode}`
    throw new SentinelError(`lsof failed (is it installed?): ${reason}`)
  }
  return parseLsof(ended.stdout)
}

/** Reads `lsof -F0pfin`: one line for a process, one for each file, fields ended by NUL. */
export function parseLsof(output: string): Scan {
  const mappings: Mapping[] = []
  const problems: Finding[] = []
  let pid = 0
  for (const line of output.split('\n')) {
    const fields = new Map(line.split('\0').map((field) => [field.charAt(0), field.slice(1)]))
    pid = Number(fields.get('p') ?? pid)
    const name = fields.get('n') ?? ''
    const inode = fields.get('i') ?? ''
    if (/ \(readlink: .*\)$/.test(name)) problems.push(unreadable(name, { pid }))
    else if (fields.get('f') === 'DEL' && /\.so(\.[^/]*)?$/.test(name)) {
      mappings.push({ pid, inode, name: `${name} (deleted)` })
    } else if (fields.get('f') === 'txt' && name.endsWith(' (deleted)')) {
      mappings.push({ pid, inode, name })
    }
  }
  return { mappings, problems }
}
