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
import { basename, dirname, join } from 'node:path'

/**
 * Writes a whole file of our own at once: whoever opens it, and whatever a power cut or SIGKILL
 * leaves, it is the old file or the new one. Two writers at a time are safe: the last one wins. (A
 * file that belongs to somebody else, and keeps its owner and attributes: pacman/replace.ts.)
 *
 * @param path on this machine; a link there is replaced, not followed
 * @param mode its permissions, whatever the umask
 * @throws the system error; the old file is then still there, and nothing else
 */
export function writeAtomically(path: string, bytes: string | Buffer, mode = 0o644): void {
  // The dot keeps it from whoever lists the directory, such as systemd.
  const candidate = join(dirname(path), `.${basename(path)}.${process.pid}`)
  // Left by a run that was killed and had our PID.
  rmSync(candidate, { force: true })
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

/** Puts a rename in a file's directory on the disk. [fsync(2)] */
export function syncDirectory(file: string): void {
  const fd = openSync(dirname(file), constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
