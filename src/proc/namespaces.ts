import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { location, parseMountinfo, type Mount, type View } from './mountinfo.ts'

/**
 * The largest mountinfo that is read, in bytes: of PID 1, and of another process. A node with 1,000 pods
 * has 3 MiB of mounts; a user's own namespace has any number.
 */
const LARGEST_OF_HOST = 32 * 2 ** 20
const LARGEST = 8 * 2 ** 20

/** So many views are kept; a host has about as many sandboxed services. */
const KEPT = 64

/**
 * Whether paths mean the same to a process as to the host, which is PID 1.
 *
 * In PID 1's mount namespace they do, in a chroot too: the kernel names a mapped file from the reader's
 * root. [fs/d_path.c] In another namespace they do if both have the same directory of the same file
 * system there: a sandboxed service sees the host's /usr mounted again.
 */
export class Namespaces {
  readonly #host: Host
  readonly #paths: readonly string[]
  readonly #views = new Map<string, View>()

  /** @param paths all that will be asked for */
  constructor(host: Host, paths: readonly string[]) {
    this.#host = host
    this.#paths = paths
  }

  /** Throws SentinelError, or the system error, if that cannot be told. */
  meansTheSame(pid: number, path: string): boolean {
    const own = this.#link(pid, 'ns/mnt')
    if (own === this.#link(1, 'ns/mnt')) return true
    const theirs = this.#view(`${own} ${this.#link(pid, 'root')}`, pid).mountOf(path)
    const ours = this.#hostMount(path)
    return theirs !== undefined && location(theirs, path) === location(ours, path)
  }

  /**
   * Whether a path is on the file system of /usr, for which nobody need fear to wait: without it nothing
   * runs. Throws as meansTheSame() does.
   *
   * @param device the device of a file, in mountinfo's form, to be compared instead of the path's
   */
  isSystems(path: string, device?: string): boolean {
    const system = this.#hostMount('/usr')
    return device === undefined ? this.#hostMount(path) === system : device === system.device
  }

  #link(pid: number, name: string): string {
    return this.#host.readLink(`/proc/${pid}/${name}`)
  }

  #hostMount(path: string): Mount {
    const mount = this.#view('', 1).mountOf(path)
    if (mount === undefined) throw new SentinelError('/proc/1/mountinfo names no root file system')
    return mount
  }

  #view(key: string, pid: number): View {
    const known = this.#views.get(key)
    if (known !== undefined) return known
    if (this.#views.size >= KEPT) this.#views.clear()
    const view = readView(this.#host, pid, this.#paths)
    this.#views.set(key, view)
    return view
  }
}

/** A process's view of these paths. Throws SentinelError if it is too large. */
function readView(host: Host, pid: number, paths: readonly string[]): View {
  return parseMountinfo(
    host.readBytes(`/proc/${pid}/mountinfo`, pid === 1 ? LARGEST_OF_HOST : LARGEST),
    paths,
  )
}
