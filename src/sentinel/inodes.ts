import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'

/** What stat(1) says of a path that leads nowhere. */
const NOWHERE = /: (No such file or directory|Not a directory|File name too long)$/

/**
 * Which inode each path leads to today, links followed. Asked through stat(1): a path below /opt
 * may be on a server that is away, and a program can be left behind where a call of our own could
 * not.
 *
 * @returns path → inode; a path that leads nowhere is absent
 * @throws SentinelError where that is not known of every path
 */
export async function readInodes(
  host: Host,
  paths: string[],
  deadline: Deadline,
): Promise<Map<string, string>> {
  const inodes = new Map<string, string>()
  for (const batch of inBatches([...new Set(paths)])) {
    const files = batch.map((path) => host.path(path))
    const args = ['--dereference', '--printf', '%i\\0%n\\0', '--', ...files]
    const ended = await awaitProgram('/usr/bin/stat', args, { timeoutMs: deadline.left() / 2 })
    if (ended.timedOut) {
      throw new SentinelError('looking up replaced files does not end: is a server away?')
    }
    const fields = ended.stdout.toString().split('\0')
    for (let i = 0; i + 1 < fields.length; i += 2) {
      inodes.set((fields[i + 1] ?? '').slice(host.root.length), fields[i] ?? '')
    }
    const errors = ended.stderr.split('\n').filter((line) => line !== '')
    const strange = errors.find((line) => !NOWHERE.test(line))
    if (strange !== undefined) throw new SentinelError(strange)
    if (fields.length - 1 + 2 * errors.length !== 2 * batch.length) {
      throw new SentinelError('stat did not answer for every path')
    }
  }
  return inodes
}

/** The arguments of one program are limited to 2 MiB in all, and a path to 4 KiB. [execve(2)] */
export function inBatches<T>(all: T[], size = 400): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
    all.slice(i * size, (i + 1) * size),
  )
}
