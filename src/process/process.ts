import { errorCode, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { parseCgroup, type Membership } from './cgroup.ts'
import { parseMountinfo, type View } from './mountinfo.ts'

export interface Process extends Membership {
  pid: number
  command: string
  /** what /proc/PID/exe points to, ` (deleted)` included */
  executable: string
  /** seconds after boot, in steps of 1/100 */
  startedAt: number
  view: View
}

/** The PIDs in /proc. Throws the system error where it cannot be listed. */
export function listPids(host: Host): number[] {
  return host
    .list('/proc')
    .filter((name) => /^[1-9][0-9]*$/.test(name))
    .map(Number)
}

/**
 * Reads what the kernel, and not the process, says of a process; only its `command` is its own word
 * and serves for display and the administrator's ignore-command alone.
 *
 * @returns undefined when the process has ended
 * @throws the system error where one of its files cannot be read
 */
export function readProcess(host: Host, pid: number, views: Views): Process | undefined {
  const directory = `/proc/${pid}`
  return unlessGone(host, pid, () => ({
    pid,
    command: host.readText(`${directory}/comm`).replace(/\n$/, ''),
    executable: host.readLink(`${directory}/exe`),
    startedAt: startTime(host.readText(`${directory}/stat`)),
    view: views.of(pid),
    ...parseCgroup(host.readText(`${directory}/cgroup`)),
  }))
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

/** Gone, or a zombie: that still has its directory, but no memory, and no links in it. */
function hasEnded(host: Host, pid: number): boolean {
  try {
    const stat = host.readText(`/proc/${pid}/stat`)
    return /^[ZX]/.test(afterCommand(stat))
  } catch (error) {
    return errorCode(error) === 'ESRCH' || host.lstat(`/proc/${pid}`) === undefined
  }
}

/**
 * The processes' views of the file system. Processes with the same mount namespace and root share
 * one: a node has hundreds of processes, and thousands of mounts.
 */
export class Views {
  readonly #host: Host
  readonly #known = new Map<string, View>()

  constructor(host: Host) {
    this.#host = host
  }

  of(pid: number): View {
    const directory = `/proc/${pid}`
    const root = this.#host.readLink(`${directory}/root`)
    const key = `${this.#host.readLink(`${directory}/ns/mnt`)} ${root}`
    let view = this.#known.get(key)
    if (view === undefined) {
      view = parseMountinfo(this.#host.readText(`${directory}/mountinfo`))
      this.#known.set(key, view)
    }
    return view
  }
}

/** The host's own view, which is PID 1's. Throws the system error where it cannot be read. */
export function readHostView(host: Host): View {
  return parseMountinfo(host.readText('/proc/1/mountinfo'))
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
