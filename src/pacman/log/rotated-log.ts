import { dirname } from 'node:path'
import type { Host } from '../../host/host.ts'
import { type LogLine, type LogPosition, readLog } from './log.ts'

/**
 * All lines since a position, also where the log was rotated since: a file that was moved keeps its
 * inode, and pacman writes on in the file it has open. What was moved and then compressed is lost.
 *
 * @param from undefined: all lines of the log
 * @throws as readLog() does
 */
export function readLogSince(host: Host, path: string, from?: LogPosition): LogLine[] {
  const { lines, end } = readLog(host, path, from)
  if (from === undefined || from.inode === '' || end.inode === from.inode) return lines
  const old = siblings(host, path).find((file) => String(host.lstat(file)?.ino) === from.inode)
  return old === undefined ? lines : [...readLog(host, old, from).lines, ...lines]
}

function siblings(host: Host, path: string): string[] {
  const directory = dirname(path)
  if (host.lstat(directory) === undefined) return []
  return host
    .list(directory)
    .map((name) => `${directory}/${name}`)
    .filter((file) => file.startsWith(`${path}.`) || file.startsWith(`${path}-`))
}
