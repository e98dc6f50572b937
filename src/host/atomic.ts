import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { removeAbandonedFiles, tempName } from './temp-name.ts'

/**
 * Writes one of our own files atomically: readers see either the old file or the new one, also
 * after a power cut or SIGKILL. Two writers at a time are safe: the last one wins. (For files of
 * others, which must keep their owner and attributes: replace.ts.)
 *
 * @param path on this machine; a link there is replaced, not followed
 * @param mode permissions, independent of the umask
 * @throws the system error; the old file is then unchanged, and nothing else is left
 */
export function writeAtomically(path: string, bytes: string | Buffer, mode = 0o644): void {
  removeAbandonedFiles(path)
  const candidate = tempName(path, 'new')
  const fd = openSync(candidate, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    try {
      writeFileSync(fd, bytes)
      fchmodSync(fd, mode)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(candidate, path)
  } catch (error) {
    rmSync(candidate, { force: true })
    throw error
  }
  syncDirectory(path)
}

/**
 * Appends to one of our own files, and flushes that to the disk: after a power cut the file has its
 * old bytes, and of the new ones all, some or none.
 *
 * @param path on this machine; the file is made if it is missing
 * @param mode permissions of a new file, independent of the umask
 * @throws the system error
 */
export function appendDurably(path: string, bytes: string, mode: number): void {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
  const fd = openSync(path, flags, mode)
  try {
    fchmodSync(fd, mode)
    writeFileSync(fd, bytes)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  syncDirectory(path)
}

/** Flushes a rename in the file's directory to disk. [fsync(2)] */
export function syncDirectory(file: string): void {
  const fd = openSync(dirname(file), constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
