import { Host } from './host.ts'

/**
 * The host at one moment, as far as its own files go: what was read once is not read again, so that a
 * command which looks at many things tells of one host and not of several. What comes and goes by
 * itself is always read anew: processes, the uptime, and what lstat() and stat() tell, such as
 * pacman's lock.
 */
export class Snapshot extends Host {
  readonly #known = new Map<string, unknown>()

  override once<T>(fact: string, read: () => T): T {
    if (!this.#known.has(fact)) this.#known.set(fact, read())
    // Whoever names a fact reads the same one.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return this.#known.get(fact) as T
  }

  override readBytes(path: string, limit?: number): Buffer {
    const read = () => super.readBytes(path, limit)
    if (isFleeting(path)) return read()
    this.#stateOf(path)
    return this.once(`bytes of ${path}`, read)
  }

  override list(path: string): string[] {
    const list = () => super.list(path)
    if (isFleeting(path)) return list()
    this.#stateOf(path)
    return this.once(`list of ${path}`, list)
  }

  /** A file's state as it was before this looked at it for the first time. */
  override state(path: string): string | undefined {
    return this.#stateOf(path)
  }

  #stateOf(path: string): string | undefined {
    return this.once(`state of ${path}`, () => super.state(path))
  }
}

/** The kernel's own settings stay, and all else in /proc changes. */
function isFleeting(path: string): boolean {
  return path.startsWith('/proc/') && !path.startsWith('/proc/sys/')
}
