import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'
import { unreadable, type Finding } from './finding.ts'

export interface Inodes {
  /** path → inode; a path that leads nowhere is absent */
  inodes: Map<string, string>
  problems: Finding[]
}

/**
 * Which inode each path leads to today, links followed. Asked through stat(1): a path below /opt
 * may be on a server that is away, and a program can be ended where a call of our own could not.
 */
export async function readInodes(host: Host, paths: string[], deadline: Deadline): Promise<Inodes> {
  const inodes = new Map<string, string>()
  if (paths.length === 0) return { inodes, problems: [] }
  const files = [...new Set(paths)].map((path) => host.path(path))
  const args = ['--dereference', '--printf', '%i\\0%n\\0', '--', ...files]
  const ended = await awaitProgram('/usr/bin/stat', args, { timeoutMs: deadline.left() / 2 })
  const fields = ended.stdout.toString().split('\0')
  for (let i = 0; i + 1 < fields.length; i += 2) {
    inodes.set((fields[i + 1] ?? '').slice(host.root.length), fields[i] ?? '')
  }
  const errors = ended.stderr
    .split('\n')
    .filter((line) => line !== '' && !/: (No such file or directory|Not a directory)$/.test(line))
  const problems = errors.map((line) => unreadable(line))
  if (ended.timedOut)
    problems.push(unreadable('looking up replaced files does not end: is a server away?'))
  return { inodes, problems }
}
