import {
  accessSync,
  closeSync,
  constants,
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
  utimesSync,
  writeFileSync,
  type BigIntStats,
  type Stats,
} from 'node:fs'
import { dirname } from 'node:path'
import { errorCode, SentinelError } from '../errors.ts'
import { appendDurably, syncDirectory, writeAtomically } from './atomic.ts'

/** Default limit of a file that is read as a whole, in bytes. */
const LARGEST = 32 * 2 ** 20

/** Shared buffer for reads: /proc has hundreds of small files. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

/**
 * The only access to the host's files and clock. Paths are the host's own ("/proc/1/comm"); with
 * `root` they are looked up in another tree, for `--root` and for tests.
 *
 * Every method throws the system error of the call it makes (`code` is 'ENOENT', 'EACCES', …).
 * Do not use it for paths that another process or a server controls, because it could wait for
 * ever: a program that can be killed reads those (program.ts).
 */
export class Host {
  readonly root: string

  constructor(root = '/') {
    this.root = root.replace(/\/+$/, '')
  }

  /** The result of `read`; a Snapshot calls it once and repeats the first result. */
  once<T>(_fact: string, read: () => T): T {
    return read()
  }

  /** A path of the host as a path of this machine. */
  path(path: string): string {
    return this.root + path
  }

  /**
   * Reads a regular file. Errors: a FIFO or a device, which could block for ever; more than
   * `limit` bytes. The limit applies while reading, because files in /proc report no size.
   */
  readBytes(path: string, limit = LARGEST): Buffer {
    const fd = openSync(this.#regular(path), 'r')
    try {
      const chunks: Buffer[] = []
      for (let total = 0; ;) {
        const length = readSync(fd, scratch)
        if (length === 0) return Buffer.concat(chunks)
        total += length
        if (total > limit) throw new SentinelError(`${path} has more than ${limit} bytes`)
        chunks.push(Buffer.from(scratch.subarray(0, length)))
      }
    } finally {
      closeSync(fd)
    }
  }

  /**
   * Reads a small file of /proc in one call, such as a process's cgroup; at most 64 KiB. Much
   * faster than readText(): for files that are read for each process.
   */
  readProc(path: string): string {
    const fd = openSync(this.path(path), 'r')
    try {
      return scratch.toString('utf8', 0, readSync(fd, scratch))
    } finally {
      closeSync(fd)
    }
  }

  /** readBytes() as text. Bytes that are not UTF-8 become U+FFFD. */
  readText(path: string, limit = LARGEST): string {
    return this.readBytes(path, limit).toString()
  }

  /** Up to `length` bytes from `offset`; fewer at the end of the file. */
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

  /** The path with all links resolved. */
  realPath(path: string): string {
    const real = realpathSync(this.path(path))
    const root = this.root === '' ? '' : realpathSync(this.root)
    return real.startsWith(`${root}/`) ? real.slice(root.length) : real
  }

  /** Whether a path leads out of the root through a link; throws when it does not exist. */
  isOutside(path: string): boolean {
    return !realpathSync(this.path(path)).startsWith(
      `${realpathSync(`${this.root}/`)}/`.replace(/\/+$/, '/'),
    )
  }

  list(path: string): string[] {
    return readdirSync(this.path(path))
  }

  /** The entry at `path` itself (links are not followed); undefined when there is none. */
  lstat(path: string): Stats | undefined {
    return lstatSync(this.path(path), { throwIfNoEntry: false })
  }

  /** The entry a path leads to; undefined when there is none. */
  stat(path: string): Stats | undefined {
    return statSync(this.path(path), { throwIfNoEntry: false })
  }

  /** Whether a path's file system is mounted read-only, which binds root as well. [access(2), EROFS] */
  isReadOnly(path: string): boolean {
    try {
      accessSync(this.path(path), constants.W_OK)
      return false
    } catch (error) {
      return errorCode(error) === 'EROFS'
    }
  }

  /** stat() with full precision; throws the system error, also ENOENT. */
  statExactly(path: string): BigIntStats {
    return statSync(this.path(path), { bigint: true })
  }

  /**
   * A text that changes when a file or directory changes: inode, mtime and ctime to the ns, as
   * `stat --dereference --format='%i %.9Y %.9Z'` prints them. Undefined when it does not exist.
   */
  state(path: string): string | undefined {
    const options = { bigint: true, throwIfNoEntry: false } as const
    const found = statSync(this.path(path), options)
    return found && `${found.ino} ${inSeconds(found.mtimeNs)} ${inSeconds(found.ctimeNs)}`
  }

  /**
   * Writes a file with writeAtomically(). A link at that path is replaced.
   *
   * @param mode permissions, independent of the umask
   */
  write(path: string, content: string | Buffer, mode = 0o644): void {
    writeAtomically(this.path(path), content, mode)
  }

  /**
   * Writes files of work that nobody misses after a power cut, with their directories, for anybody to
   * read.
   *
   * @param files content by path below `path`
   */
  writeScratch(path: string, files: ReadonlyMap<string, string | Buffer>): void {
    const made = new Set<string>()
    for (const [file, content] of files) {
      const place = this.path(`${path}/${file}`)
      const directory = dirname(place)
      if (!made.has(directory)) mkdirSync(directory, { recursive: true, mode: 0o755 })
      made.add(directory)
      writeFileSync(place, content, { mode: 0o644, flag: 'wx' })
    }
  }

  /** Appends to a file with appendDurably(). */
  append(path: string, content: string, mode = 0o644): void {
    appendDurably(this.path(path), content, mode)
  }

  /** Makes a directory and its parents; @returns false when it existed already. */
  makeDirectory(path: string, mode = 0o755): boolean {
    return mkdirSync(this.path(path), { recursive: true, mode }) !== undefined
  }

  /** Sets the time of a file's last change, in ms since 1970. */
  setTime(path: string, ms: number): void {
    utimesSync(this.path(path), ms / 1000, ms / 1000)
  }

  makeLink(path: string, target: string): void {
    symlinkSync(target, this.path(path))
  }

  /** Removes a file or link, and flushes that to disk; @returns false when there was none. */
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

  /** Removes a directory with all that is in it, and flushes that to disk. */
  removeTree(path: string): void {
    rmSync(this.path(path), { recursive: true, force: true })
    syncDirectory(this.path(path))
  }

  /** Wall clock, in ms since 1970. On a board without a clock battery it may be years off. */
  now(): number {
    return Date.now()
  }

  /** Seconds since boot, suspended time included: CLOCK_BOOTTIME. [proc_uptime(5)] */
  uptime(): number {
    const seconds = Number.parseFloat(this.readText('/proc/uptime'))
    if (!Number.isFinite(seconds)) throw new SentinelError('/proc/uptime contains no number')
    return seconds
  }

  /** ID of the running boot: random, new at each boot. [random(4)] */
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
