import { errorCode, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { type Membership, parseCgroup } from './cgroup.ts'

export interface Process {
  pid: number
  command: string
  /** seconds after boot, in steps of 1/100 */
  startedAt: number
}

/** A process with all that tells it from another that takes its PID. */
export type UnitProcess = Process & Omit<Membership, 'container'>

/** The PIDs in /proc. Throws the system error where it cannot be listed. */
export function listPids(host: Host): number[] {
  return host
    .list('/proc')
    .filter((name) => /^[1-9][0-9]*$/.test(name))
    .map(Number)
}

/**
 * Reads what tells a process from another that takes its PID. Its `command` is its own word, and
 * serves for display and the administrator's ignore-command alone.
 *
 * @returns undefined when the process has ended
 * @throws the system error where one of its files cannot be read
 */
export function readProcess(host: Host, pid: number): Process | undefined {
  return unlessGone(host, pid, () => {
    const stat = host.readText(`/proc/${pid}/stat`)
    if (isOver(stat)) return undefined
    const command = host.readText(`/proc/${pid}/comm`).replace(/\n$/, '')
    return { pid, command, startedAt: startTime(stat) }
  })
}

/**
 * A process's cgroup says what it belongs to. Returns and throws as readProcess() does.
 *
 * @param known what cgroups say that were read before, by their text: many processes share one
 */
export function readMembership(
  host: Host,
  pid: number,
  known = new Map<string, Membership>(),
): Membership | undefined {
  const text = unlessGone(host, pid, () => host.readProc(`/proc/${pid}/cgroup`))
  if (text === undefined) return undefined
  const membership = known.get(text) ?? parseCgroup(text)
  known.set(text, membership)
  return membership
}

/**
 * Whether a process was started by root and is root's: a program that a user starts and that becomes
 * root (setuid) keeps that user's real ID. [proc_pid_status(5), Uid]
 */
export function isRoots(host: Host, pid: number): boolean {
  const status = unlessGone(host, pid, () => host.readProc(`/proc/${pid}/status`))
  return /^Uid:(\t0)+$/m.test(status ?? '')
}

/**
 * Runs `read`; undefined when the process ended meanwhile. A file that is missing while the process
 * runs stays an error: what cannot be read is never taken for clean.
 */
export function unlessGone<T>(host: Host, pid: number, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (errorCode(error) === undefined || !hasEnded(host, pid)) throw error
    return undefined
  }
}

function hasEnded(host: Host, pid: number): boolean {
  try {
    return isOver(host.readText(`/proc/${pid}/stat`))
  } catch (error) {
    return errorCode(error) === 'ESRCH' || host.lstat(`/proc/${pid}`) === undefined
  }
}

/** A zombie, which still has its directory, but no memory, and no links in it. */
function isOver(stat: string): boolean {
  return /^[ZX]/.test(afterCommand(stat))
}

/** The 22nd field of /proc/PID/stat, in ticks of 1/100 s on every Linux port. [proc_pid_stat(5)] */
function startTime(stat: string): number {
  const ticks = Number(afterCommand(stat).split(' ')[19])
  if (!Number.isFinite(ticks)) throw new SentinelError('/proc/PID/stat has no start time')
  return ticks / 100
}

/** The fields from the third on: the second, the command, may itself hold blanks and brackets. */
function afterCommand(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2)
}

/** A process's parent, that one's, and so on up to PID 1. */
export function ancestors(host: Host, pid: number): number[] {
  const found: number[] = []
  for (let next = parent(host, pid); next > 0 && !found.includes(next);) {
    found.push(next)
    next = parent(host, next)
  }
  return found
}

/** 0 for a process that has none in this PID namespace. [proc_pid_status(5)] */
function parent(host: Host, pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(host.readText(`/proc/${pid}/status`))?.[1])
}
