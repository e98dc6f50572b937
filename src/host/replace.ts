import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { errorText, SentinelError } from '../errors.ts'
import { syncDirectory } from './atomic.ts'
import { runProgram } from './program.ts'
import { removeAbandonedFiles, tempName } from './temp-name.ts'

export interface Replacement {
  /** a path of this machine; a symlink stays and the file behind it is replaced */
  path: string
  /** what the new bytes were made from: nothing is written when the file holds anything else */
  before: Buffer
  after: Buffer
  /** throws when a file with the new bytes, not yet in place, must not get there */
  tryOut?: (candidate: string) => void
  /** throws when the new bytes, now in place, must be taken back */
  verify?: () => void
}

/**
 * Replaces a file's bytes all at once: whoever opens it, and whatever is left after a power cut or
 * a SIGKILL at any point, it is the old file or the new one. Owner, mode, ACL and extended
 * attributes stay. To be called under withFlock() of a directory that all writers agree on.
 *
 * The old file keeps a second name until the new one has proved good: taking it back is then a
 * single rename, which a full disk cannot stop and which brings back the very same inode.
 *
 * @throws SentinelError when nothing was changed in the end; the reason is its cause
 */
export function replaceFile({ path, before, after, tryOut, verify }: Replacement): void {
  const unchanged = (error: unknown) =>
    new SentinelError(`${path} was not changed`, { cause: error })
  let target: string
  try {
    target = realpathSync(path)
    if (!statSync(target).isFile()) throw new SentinelError(`${path} is not a regular file`)
    removeAbandonedFiles(target)
  } catch (error) {
    throw unchanged(error)
  }
  const [candidate, old] = [tempName(target, 'new'), tempName(target, 'old')]
  try {
    writeCandidate(candidate, target, after)
    tryOut?.(candidate)
    linkSync(target, old)
    // After the link: had somebody else replaced the file in between, `old` would not be theirs.
    if (!readFileSync(old).equals(before)) {
      throw new SentinelError(`${path} was changed by somebody else meanwhile; try again`)
    }
    renameSync(candidate, target)
  } catch (error) {
    rmSync(candidate, { force: true })
    rmSync(old, { force: true })
    throw unchanged(error)
  }
  try {
    syncDirectory(target)
    verify?.()
  } catch (error) {
    takeBack(old, target, error)
    throw unchanged(error)
  }
  rmSync(old, { force: true })
}

/** A complete file beside the target, on the disk for good. */
function writeCandidate(candidate: string, target: string, bytes: Buffer): void {
  // 0600 until it has the target's own mode: what a private file holds must not show meanwhile.
  const fd = openSync(candidate, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    writeFileSync(fd, bytes)
    copyAttributes(target, candidate)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function takeBack(old: string, target: string, reason: unknown): void {
  try {
    renameSync(old, target)
    syncDirectory(target)
  } catch (error) {
    const message = `${target} is changed and not good (${errorText(reason)}); the old file is ${old}`
    throw new SentinelError(message, { cause: error })
  }
}

/**
 * Gives one file the owner, mode, ACL and extended attributes of another, and leaves its bytes.
 *
 * By cp(1), since Node knows neither ACLs nor extended attributes, and coreutils are there on every
 * Arch while getfattr and setfacl would be two more programs. The attributes are named rather than
 * `all`, with which cp says nothing about one that it could not keep. [cp(1), --preserve]
 *
 * @throws SentinelError when any of them could not be kept
 */
function copyAttributes(from: string, to: string): void {
  const args = ['--attributes-only', '--no-dereference', '--preserve=mode,ownership,xattr']
  const ended = runProgram('/usr/bin/cp', [...args, '--', from, to], { timeoutMs: 10_000 })
  if (ended.exitCode !== 0 || ended.stderr !== '') {
    throw new SentinelError(`${from}: its attributes cannot be kept: ${ended.stderr.trim()}`)
  }
  // cp says nothing when an ordinary user may not give a file away.
  const [old, now] = [statSync(from), statSync(to)]
  if (old.uid !== now.uid || old.gid !== now.gid || old.mode !== now.mode) {
    throw new SentinelError(`${from}: its owner or mode cannot be kept; run this as root`)
  }
}

/**
 * Asks before anything is touched whether a file may be replaced.
 *
 * @throws SentinelError with the reason, and what to do
 */
export function mustBeWritable(file: string): void {
  try {
    const target = realpathSync(file)
    if (!statSync(target).isFile()) throw new SentinelError('it is not a regular file')
    accessSync(target, constants.W_OK)
    accessSync(dirname(target), constants.W_OK)
  } catch (error) {
    const message = `${file} may not be changed, and nothing was: ${errorText(error)}`
    throw new SentinelError(message, { cause: error })
  }
}
