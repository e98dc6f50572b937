/** One executable mapping of a file that the kernel calls deleted. */
export interface Mapping {
  pid: number
  /** the file's name as the kernel gives it, ` (deleted)` and escapes included */
  name: string
  /** a decimal number; a string, as 64-bit inodes do not fit a JS number */
  inode: string
}

/** What the kernel puts behind the name of a file without a directory entry. [fs/d_path.c] */
const DELETED = ' (deleted)'

/** What an NFS client renames a file to that is removed while in use. [fs/nfs/unlink.c] */
const SILLY_RENAMED = /\/\.nfs[0-9a-f]{16,}$/

/** What grep(1) searches the maps for: parseMapsLine accepts no line without one of these. */
export const MARKS = [`${DELETED}$`, '/[.]nfs[0-9a-f]*$']

/**
 * Reads one line of /proc/PID/maps: `7f12…-7f34… r-xp 00026000 fe:01 1234   /usr/lib/x.so (deleted)`.
 *
 * @returns the mapping when it is executable, of a file, and deleted; else undefined
 */
export function parseMapsLine(pid: number, line: string): Mapping | undefined {
  if (!line.endsWith(DELETED) && !SILLY_RENAMED.test(line)) return undefined
  const fields = /^[0-9a-f]+-[0-9a-f]+ ..x. [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (\d+) +(\/.*)$/s.exec(
    line,
  )
  return fields?.[1] === undefined || fields[2] === undefined
    ? undefined
    : { pid, name: fields[2], inode: fields[1] }
}

/**
 * Every path a mapping's name can stand for, the likely one first. The suffix may be part of the
 * name, and `\012` a line feed or those four characters: the kernel does not escape its escape.
 * [fs/seq_file.c, mangle_path] What a silly-renamed file was called is not known.
 */
export function possiblePaths(name: string): string[] {
  if (!name.endsWith(DELETED)) return []
  const plain = name.slice(0, -DELETED.length)
  return [...new Set([plain, name].flatMap((path) => [path, path.replaceAll('\\012', '\n')]))]
}

/** Whether a path is where packages put programs and libraries; the rest cannot be an upgrade. */
export function isPackaged(path: string): boolean {
  return /^\/(usr|opt|bin|sbin|lib(32|64|x32)?)\//.test(path)
}
