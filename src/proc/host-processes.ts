import { errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Membership } from './cgroup.ts'
import { isRoots, listPids, readMembership } from './process.ts'

/** Why a process could not be looked at. */
export interface ProcessProblem {
  pid: number
  message: string
}

/**
 * The host's own processes. Containers' processes are recognized by their cgroup, and no other file of
 * theirs is ever opened: a pod can neither delay nor mislead a check.
 */
export class HostProcesses {
  readonly pids: number[] = []
  readonly problems: ProcessProblem[] = []
  readonly #host: Host
  readonly #memberships = new Map<number, Membership>()
  readonly #trusted = new Map<number, boolean>()

  /** Throws the system error if /proc cannot be listed. */
  constructor(host: Host) {
    this.#host = host
    const known = new Map<string, Membership>()
    for (const pid of listPids(host)) {
      try {
        const membership = readMembership(host, pid, known)
        if (membership === undefined || membership.container) continue
        this.#memberships.set(pid, membership)
        this.pids.push(pid)
      } catch (error) {
        this.problems.push({ pid, message: errorText(error) })
      }
    }
  }

  membership(pid: number): Membership | undefined {
    return this.#memberships.get(pid)
  }

  /**
   * Whether the answer is uncertain if this process cannot be read: it is PID 1, or root's and of no
   * session. A user can make any other process unreadable, huge or slow.
   */
  mayBlock(pid: number): boolean {
    let known = this.#trusted.get(pid)
    if (known === undefined) {
      known = pid === 1 || (this.membership(pid)?.userSlice !== true && this.#isRoots(pid))
      this.#trusted.set(pid, known)
    }
    return known
  }

  /** The same PIDs, first those that may block. */
  inOrder(pids: readonly number[] = this.pids): number[] {
    const first = pids.filter((pid) => this.mayBlock(pid))
    return [...first, ...pids.filter((pid) => !this.mayBlock(pid))]
  }

  #isRoots(pid: number): boolean {
    try {
      return isRoots(this.#host, pid)
    } catch {
      return true
    }
  }
}
