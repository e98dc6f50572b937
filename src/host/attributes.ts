import { statSync } from 'node:fs'
import { SentinelError } from '../errors.ts'
import { runProgram } from './program.ts'

/**
 * Gives one file the owner, mode, ACL and extended attributes of another, and leaves its bytes.
 *
 * By cp(1), since Node knows neither ACLs nor extended attributes, and coreutils are there on every
 * Arch while getfattr and setfacl would be two more programs. The attributes are named rather than
 * `all`, with which cp says nothing about one that it could not keep. [cp(1), --preserve]
 *
 * @throws SentinelError when any of them could not be kept
 */
export function copyAttributes(from: string, to: string): void {
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
