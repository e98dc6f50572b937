import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { SentinelError } from '../errors.ts'
import { isBelow, type Membership } from './cgroup.ts'
import { listPids, readMembership, readProcess, unlessGone } from './process.ts'

/** A process of a unit, as far as its end does harm. */
export interface Occupant {
  pid: number
  /** seconds after boot */
  startedAt: number
  /** of a container, of which nothing else is read */
  container: boolean
  /** the path of its program, without the kernel's ` (deleted)`; '' of a container */
  executable: string
  /** whether that file has been replaced or removed since */
  replaced: boolean
  /** the special files of /dev that it has open, such as "/dev/net/tun" */
  devices: string[]
}

const NOTHING = { startedAt: 0, container: false, executable: '', replaced: false, devices: [] }

const DELETED = ' (deleted)'

/** The host's processes, by the cgroups in which they are at one moment. */
export class Occupants {
  readonly #host: Host
  readonly #deadline: Deadline
  readonly #memberships: (Membership & { pid: number })[]

  /** Throws the system error where /proc, or a process's cgroup, cannot be read. */
  constructor(host: Host, deadline: Deadline) {
    this.#host = host
    this.#deadline = deadline
    const known = new Map<string, Membership>()
    this.#memberships = listPids(host).flatMap((pid) => {
      const membership = readMembership(host, pid, known)
      return membership === undefined ? [] : [{ ...membership, pid }]
    })
  }

  /**
   * The processes in a unit's cgroup and below.
   *
   * @param controlGroup '' for a unit that does not run
   * @throws SentinelError when time runs out; the system error when one of them cannot be read
   */
  of(controlGroup: string): Occupant[] {
    return this.#memberships
      .filter(({ cgroups }) => isBelow(cgroups, controlGroup))
      .flatMap(({ pid, container }) => {
        if (container) return [{ ...NOTHING, pid, container }]
        return unlessGone(this.#host, pid, () => this.#read(pid)) ?? []
      })
  }

  #read(pid: number): Occupant | undefined {
    const startedAt = readProcess(this.#host, pid)?.startedAt
    if (startedAt === undefined) return undefined
    const target = this.#host.readLink(`/proc/${pid}/exe`)
    const replaced = target.endsWith(DELETED)
    const executable = replaced ? target.slice(0, -DELETED.length) : target
    return { ...NOTHING, pid, startedAt, executable, replaced, devices: this.#devices(pid) }
  }

  /** Links are read and not followed: what they lead to could be on a server that is dead. */
  #devices(pid: number): string[] {
    const directory = `/proc/${pid}/fd`
    const found = this.#host.list(directory).flatMap((fd) => {
      if (this.#deadline.left() === 0)
        throw new SentinelError(`out of time while reading ${directory}`)
      const target = unlessClosed(() => this.#host.readLink(`${directory}/${fd}`))
      return target?.startsWith('/dev/') === true ? [target] : []
    })
    return [...new Set(found)]
  }
}

function unlessClosed<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
