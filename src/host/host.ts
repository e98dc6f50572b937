import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  type BigIntStats,
  type Stats,
} from 'node:fs'
import { errorCode, SentinelError } from '../errors.ts'
import { syncDirectory, writeAtomically } from './atomic.ts'

/** The largest file that is read whole, in bytes, where its reader names no other limit. */
const LARGEST = 32 * 2 ** 20

/** Where each read lands before it is copied: /proc has hundreds of small files. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

/**
 * The only door to the host's files and clock. Paths are the host's own ("/proc/1/comm"); `root`
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

  /** What `read` gives; a Snapshot gives what it gave the first time. */
  once<T>(_fact: string, read: () => T): T {
    return read()
  }

  /** Where a path of the host really stands on this machine. */
  path(path: string): string {
    return this.root + path
  }

  /**
   * A regular file's bytes; a FIFO or a device, which could block for ever, is an error, and so is a
   * file of more than `limit` bytes. Files in /proc do not tell their size before they are read.
   */
  readBytes(path: string, limit = LARGEST): Buffer {
    const fd = openSync(this.#regular(path), 'r')
    try {
      const chunks: Buffer[] = []
      for (let total = 0; ;) {
        const length = readSync(fd, scratch)
        if (length === 0) return Buffer.concat(chunks)
        total += length
        if (total > limit) throw new SentinelError(`${path} holds more than ${limit} bytes`)
        chunks.push(Buffer.from(scratch.subarray(0, length)))
      }
    } finally {
      closeSync(fd)
    }
  }

  /**
   * A file of /proc that the kernel gives at once, such as a process's cgroup: at most 64 KiB of it.
   * Far faster than readText(), for what is read of each process.
   */
  readProc(path: string): string {
    const fd = openSync(this.path(path), 'r')
    try {
      return scratch.toString('utf8', 0, readSync(fd, scratch))
    } finally {
      closeSync(fd)
    }
  }

  /** The same as text. Bytes that are not UTF-8 become U+FFFD. */
  readText(path: string, limit = LARGEST): string {
    return this.readBytes(path, limit).toString()
  }

  /** At most `length` bytes from `offset`; fewer when the file ends before. */
  readPart(path: string, offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    const fd = openSync(this.#regular(path), 'r')
    try {
      return bytes.subarray(0, readSync(fd, bytes, 0, length, offset))
    } finally {
      closeSync(fd)
    }
  }

  readLink(path: string): string {
    return readlinkSync(this.path(path))
  }

  /** The path without links in it. */
  realPath(path: string): string {
    const real = realpathSync(this.path(path))
    const root = this.root === '' ? '' : realpathSync(this.root)
    return real.startsWith(`${root}/`) ? real.slice(root.length) : real
  }

  /** Whether a path leads out of the root, by a link; throws where it leads nowhere. */
  isOutside(path: string): boolean {
    return !realpathSync(this.path(path)).startsWith(
      `${realpathSync(`${this.root}/`)}/`.replace(/\/+$/, '/'),
    )
  }

  list(path: string): string[] {
    return readdirSync(this.path(path))
  }

  /** What stands at `path` itself (links are not followed), or undefined when nothing does. */
  lstat(path: string): Stats | undefined {
    return lstatSync(this.path(path), { throwIfNoEntry: false })
  }

  /** What a path leads to, or undefined when nothing is there. */
  stat(path: string): Stats | undefined {
    return statSync(this.path(path), { throwIfNoEntry: false })
  }

  /** The same with all digits; throws the system error, ENOENT among them. */
  statExactly(path: string): BigIntStats {
    return statSync(this.path(path), { bigint: true })
  }

  /**
   * What tells whether a file or directory has changed since: its inode, and when it was changed, to
   * the ns, as `stat --dereference --format='%i %.9Y %.9Z'` has it. Undefined where nothing is.
   */
  state(path: string): string | undefined {
    const options = { bigint: true, throwIfNoEntry: false } as const
    const found = statSync(this.path(path), options)
    return found && `${found.ino} ${inSeconds(found.mtimeNs)} ${inSeconds(found.ctimeNs)}`
  }

  /**
   * Writes a whole file at once; see writeAtomically(). A link at that path is replaced.
   *
   * @param mode its permissions, whatever the umask
   */
  write(path: string, content: string | Buffer, mode = 0o644): void {
    writeAtomically(this.path(path), content, mode)
  }

  /** Makes a directory and those above it; @returns false where it was there. */
  makeDirectory(path: string, mode = 0o755): boolean {
    return mkdirSync(this.path(path), { recursive: true, mode }) !== undefined
  }

  makeLink(path: string, target: string): void {
    symlinkSync(target, this.path(path))
  }

  /** Removes a file or link, and puts that on the disk; @returns false where there was none. */
  remove(path: string): boolean {
    try {
      rmSync(this.path(path))
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false
      throw error
    }
    syncDirectory(this.path(path))
    return true
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

  /** The running boot's, which the kernel draws anew at each. [random(4)] */
  bootId(): string {
    return this.readText('/proc/sys/kernel/random/boot_id').trim()
  }

  #regular(path: string): string {
    const real = this.path(path)
    if (!statSync(real).isFile()) throw new SentinelError(`${path} is not a regular file`)
    return real
  }
}

function inSeconds(ns: bigint): string {
  return `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`
}
