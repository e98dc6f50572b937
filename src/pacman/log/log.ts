import { dirname } from 'node:path'
import type { Host } from '../../host/host.ts'

/** A line of pacman.log. */
export interface LogLine {
  /** who wrote it: "PACMAN", "ALPM", "ALPM-SCRIPTLET", or a program that logs there too */
  source: string
  text: string
  /** when, in ms since 1970, by the host's clock at that time; undefined where that is not told */
  at?: number
}

/** How far pacman.log was read; kept to continue from there, even after a boot. */
export interface LogPosition {
  inode: string
  bytes: number
}

export interface LogPart {
  lines: LogLine[]
  /** where the next reading starts */
  end: LogPosition
}

/** More than any transaction writes: a position further back is too old to matter. */
const MOST_BYTES = 16 * 1024 * 1024

/**
 * Reads pacman.log from a position to its end, or all of it. An unfinished last line, which pacman
 * is about to write, is left for the next time. [libalpm/log.c: "[time] [source] text"]
 *
 * @param path of the host; see logPath()
 * @throws the system error if it cannot be read; a missing file counts as empty
 */
export function readLog(host: Host, path: string, from?: LogPosition): LogPart {
  // Of a link's target: pacman writes there.
  const found = host.stat(path)
  if (found === undefined) return { lines: [], end: { inode: '', bytes: 0 } }
  const inode = String(found.ino)
  // Another inode, or fewer bytes: it was rotated.
  const same = from?.inode === inode && from.bytes <= found.size
  const start = Math.max(same ? from.bytes : 0, found.size - MOST_BYTES)
  const bytes = host.readPart(path, start, found.size - start)
  const complete = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1)
  return {
    lines: complete.toString().split('\n').flatMap(parseLine),
    end: { inode, bytes: start + complete.length },
  }
}

function parseLine(line: string): LogLine[] {
  const [, time = '', source, text = ''] = /^\[([^\]]+)\] \[([^\]]+)\] (.*)$/.exec(line) ?? []
  if (source === undefined) return []
  const at = Date.parse(time)
  return [{ source, text, ...(!Number.isNaN(at) && { at }) }]
}

/**
 * All lines since a position, even if the log was rotated since: a moved file keeps its inode, and
 * pacman continues to write to the file it has open. A file that was also compressed is lost.
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
