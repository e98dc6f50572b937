import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs'
import { SentinelError } from '../errors.ts'

/**
 * The only door to the machine's files and clock. Paths are the host's own ("/proc/1/comm"); `root`
 * puts another tree under them, which is how `--root` and the tests feed a whole host.
 *
 * Every method throws the system error of the call underneath (`code` is 'ENOENT', 'EACCES', …).
 * Nothing here may wait on a path that another process or a server controls: those are read by a
 * program that can be killed (program.ts).
 */
export class Host {
  readonly root: string

  constructor(root = '/') {
    this.root = root.replace(/\/+$/, '')
  }

  /** Where a path of the host really stands on this machine. */
  path(path: string): string {
    return this.root + path
  }

  /** A regular file's bytes; a FIFO or a device, which could block for ever, is an error. */
  readBytes(path: string): Buffer {
    return this.#open(path, (fd) => readFileSync(fd))
  }

  readText(path: string): string {
    return this.readBytes(path).toString()
  }

  /** At most `length` bytes from `offset`; fewer when the file ends before. */
  readPart(path: string, offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    return this.#open(path, (fd) => bytes.subarray(0, readSync(fd, bytes, 0, length, offset)))
  }

  readLink(path: string): string {
    return readlinkSync(this.path(path))
  }

  list(path: string): string[] {
    return readdirSync(this.path(path))
  }

  /** What stands at `path` itself (links are not followed), or undefined when nothing does. */
  lstat(path: string): Stats | undefined {
    return lstatSync(this.path(path), { throwIfNoEntry: false })
  }

  /** Wall clock, in ms since 1970. A board without a clock battery may be years off. */
  now(): number {
    return Date.now()
  }

  /** Seconds since boot, suspended time included: CLOCK_BOOTTIME. [proc_uptime(5)] */
  uptime(): number {
    const seconds = Number.parseFloat(this.readText('/proc/uptime'))
    if (!Number.isFinite(seconds)) throw new SentinelError('/proc/uptime holds no number')
    return seconds
  }

  #open<T>(path: string, read: (fd: number) => T): T {
    // O_NONBLOCK: opening a FIFO for reading would otherwise wait for a writer.
    const fd = openSync(this.path(path), constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      if (!fstatSync(fd).isFile()) throw new SentinelError(`${path} is not a regular file`)
      return read(fd)
    } finally {
      closeSync(fd)
    }
  }
}
