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
  /** a path of this machine; a symlink stays, and its target is replaced */
  path: string
  /** the expected old bytes: if the file has others, nothing is written */
  before: Buffer
  after: Buffer
  /** checks a file with the new bytes before it is put in place; throws to refuse it */
  tryOut?: (candidate: string) => void
  /** checks the new file in place; throws to restore the old one */
  verify?: () => void
}

/**
 * Replaces a file's bytes atomically: readers see either the old file or the new one, also after a
 * power cut or SIGKILL at any point. Owner, mode, ACL and extended attributes stay. Call it under
 * withFlock() of a directory that all writers agree on.
 *
 * The old file keeps a second name until the new one is verified: restoring it is then a single
 * rename, which works on a full disk and restores the same inode.
 *
 * @throws SentinelError when the file is unchanged in the end; the reason is its cause
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
    // Read through the link: if another program has replaced the file by now, `old` is its file.
    if (!readFileSync(old).equals(before)) {
      throw new SentinelError(`${path} was changed by another program meanwhile; try again`)
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

/** Writes a complete file beside the target, and flushes it to disk. */
function writeCandidate(candidate: string, target: string, bytes: Buffer): void {
  // 0600 until it has the target's mode: a private file must not be readable meanwhile.
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
    const message = `${target} was changed, failed its check (${errorText(reason)}) and could not be restored; the old file is ${old}`
    throw new SentinelError(message, { cause: error })
  }
}

/**
 * Copies owner, mode, ACL and extended attributes from one file to another, without the bytes.
 *
 * Uses cp(1): Node supports neither ACLs nor extended attributes, and every Arch has coreutils, but
 * not getfattr and setfacl. The attributes are listed, because with `all` cp is silent about those
 * it could not keep. [cp(1), --preserve]
 *
 * @throws SentinelError when an attribute could not be kept
 */
function copyAttributes(from: string, to: string): void {
  const args = ['--attributes-only', '--no-dereference', '--preserve=mode,ownership,xattr']
  const ended = runProgram('/usr/bin/cp', [...args, '--', from, to], { timeoutMs: 10_000 })
  if (ended.exitCode !== 0 || ended.stderr !== '') {
    throw new SentinelError(`${from}: its attributes cannot be kept: ${ended.stderr.trim()}`)
  }
  // cp is silent when an ordinary user may not change the owner.
  const [old, now] = [statSync(from), statSync(to)]
  if (old.uid !== now.uid || old.gid !== now.gid || old.mode !== now.mode) {
    throw new SentinelError(`${from}: its owner or mode cannot be kept; run this as root`)
  }
}

/**
 * Checks whether a file can be replaced, before anything is changed.
 *
 * @throws SentinelError with the reason
 */
export function mustBeWritable(file: string): void {
  try {
    const target = realpathSync(file)
    if (!statSync(target).isFile()) throw new SentinelError('it is not a regular file')
    accessSync(target, constants.W_OK)
    accessSync(dirname(target), constants.W_OK)
  } catch (error) {
    const message = `${file} cannot be changed; nothing was done: ${errorText(error)}`
    throw new SentinelError(message, { cause: error })
  }
}
