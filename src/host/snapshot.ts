import { Host } from './host.ts'

/**
 * The host's files at one moment: each is read once, so that all findings of a command describe the
 * same state. Volatile facts are read each time: processes, the uptime, and the results of lstat()
 * and stat(), such as pacman's lock.
 */
export class Snapshot extends Host {
  readonly #known = new Map<string, { value: unknown } | { error: unknown }>()

  /** What failed once fails again: a file that comes meanwhile is of another moment. */
  override once<T>(fact: string, read: () => T): T {
    const known = this.#known.get(fact) ?? attempt(read)
    this.#known.set(fact, known)
    if ('error' in known) throw known.error
    // All callers that use the same name read the same type.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return known.value as T
  }

  override readBytes(path: string, limit?: number): Buffer {
    const read = () => super.readBytes(path, limit)
    if (isFleeting(path)) return read()
    this.#stateOf(path)
    return this.once(`bytes of ${path}`, read)
  }

  override readPart(path: string, offset: number, length: number): Buffer {
    const read = () => super.readPart(path, offset, length)
    if (isFleeting(path)) return read()
    this.#stateOf(path)
    return this.once(`${length} bytes at ${offset} of ${path}`, read)
  }

  override list(path: string): string[] {
    const list = () => super.list(path)
    if (isFleeting(path)) return list()
    this.#stateOf(path)
    return this.once(`list of ${path}`, list)
  }

  /** A file's state from before its first read. */
  override state(path: string): string | undefined {
    return this.#stateOf(path)
  }

  #stateOf(path: string): string | undefined {
    return this.once(`state of ${path}`, () => super.state(path))
  }
}

/** Everything in /proc is volatile, except the kernel's settings. */
function isFleeting(path: string): boolean {
  return path.startsWith('/proc/') && !path.startsWith('/proc/sys/')
}

function attempt(read: () => unknown): { value: unknown } | { error: unknown } {
  try {
    return { value: read() }
  } catch (error) {
    return { error }
  }
}
