/** A disk of a node's own: a file with ext4, whose power can be cut. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs'

const BYTES = 4 * 2 ** 30

const fileOf = (directory: string) => `${directory}.disk`

/** Makes the disk, if it is not there yet, or a copy of another one, and mounts it. */
export function mountDisk(directory: string, from?: string): void {
  const file = fileOf(directory)
  mkdirSync(directory, { recursive: true })
  if (!existsSync(file)) {
    if (from !== undefined) execFileSync('cp', ['--sparse=always', from, file])
    else {
      writeFileSync(file, '')
      truncateSync(file, BYTES)
      execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', file])
    }
  }
  execFileSync('mount', ['-o', 'loop', file, directory])
}

/** Unmounts a disk, and keeps its state for mountDisk(). */
export function saveDisk(directory: string, to: string): void {
  // Namespaces of other nodes may keep it mounted.
  execFileSync('sync', ['--file-system', directory])
  execFileSync('umount', [directory])
  execFileSync('cp', ['--sparse=always', fileOf(directory), to])
}

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: nothing is written from now on. [fs/ext4] */
const CUT = `import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))`

/**
 * Mounts a disk again after cutDisk(): a copy, as the namespaces of other nodes may keep the old
 * file system, which gives only errors.
 */
export function remountDisk(directory: string): void {
  const file = fileOf(directory)
  execFileSync('umount', ['--lazy', directory])
  execFileSync('cp', ['--sparse=always', file, `${file}.new`])
  renameSync(`${file}.new`, file)
  mountDisk(directory)
}

/** What is not on the disk yet is lost, as in a power cut. */
export function cutDisk(directory: string): void {
  execFileSync('python3', ['-c', CUT, directory])
}
