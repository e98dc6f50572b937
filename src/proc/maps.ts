/** A deleted file that a process runs, by a name that packages use. */
export interface DeletedFile {
  pid: number
  /** the link to the file itself, below /proc/PID: "map_files/7f1c8d628000-7f1c8d7bd000" or "exe" */
  link: string
  /** the file's name as maps gives it, ` (deleted)` and escapes included */
  name: string
  /** "254:1", and a decimal number, as 64 bits do not fit a JS number; undefined for exe */
  device: string | undefined
  inode: string | undefined
}

/** Appended by the kernel to the name of a file without a directory entry. [fs/d_path.c] */
const DELETED = ' (deleted)'

/** The directories where packages put programs and libraries. */
const PACKAGED = 'usr|opt|bin|sbin|lib|lib32|lib64|libx32'

/** An NFS client renames a file that is removed while in use instead. [fs/nfs/unlink.c] */
const GONE = `/(?:${PACKAGED})/(?:.* \\(deleted\\)|(?:.*/)?\\.nfs[0-9a-f]{16,})`

/**
 * The lines of /proc/PID/maps that count: executable, a packaged file, and deleted.
 * `7f12…-7f34… r-xp 00026000 fe:01 1234   /usr/lib/x.so (deleted)` [proc_pid_maps(5)]
 */
const LINE = new RegExp(
  `^([0-9a-f]+-[0-9a-f]+) ..x. [0-9a-f]+ ([0-9a-f]+:[0-9a-f]+) (\\d+) +(${GONE})$`,
  's',
)

/** The same for `grep -E`: every line that parseMapsLine takes is one, and few others are. */
export const LINE_MARK = `^[^ ]+ ..x. [^/]*/(${PACKAGED})/(.* \\(deleted\\)|(.*/)?[.]nfs[0-9a-f]*)$`

const EXECUTABLE = new RegExp(`^${GONE}$`, 's')

/** Reads one line of /proc/PID/maps; undefined for one that does not count. */
export function parseMapsLine(pid: number, line: string): DeletedFile | undefined {
  const [, range, device = '', inode, name] = LINE.exec(line) ?? []
  if (range === undefined || name === undefined) return undefined
  return { pid, link: `map_files/${unpadded(range)}`, name, device: decimal(device), inode }
}

/**
 * The target of /proc/PID/exe, as maps would name it: the link is not escaped.
 *
 * @returns undefined if it is not a deleted file of a package's directory
 */
export function deletedExecutable(pid: number, target: string): DeletedFile | undefined {
  if (!EXECUTABLE.test(target)) return undefined
  const name = target.replaceAll('\n', '\\012')
  return { pid, link: 'exe', name, device: undefined, inode: undefined }
}

/** A device as in mountinfo. */
function decimal(device: string): string {
  return device
    .split(':')
    .map((part) => Number.parseInt(part, 16))
    .join(':')
}

/** map_files names addresses without leading zeros, maps pads them to eight digits. [fs/proc/base.c] */
function unpadded(range: string): string {
  return range.replace(/(^|-)0+(?=[0-9a-f])/g, '$1')
}

/**
 * Every path a mapping's name can stand for, the likely one first. The suffix may be part of the
 * name, and `\012` a line feed or those four characters: the kernel does not escape its escape.
 * [fs/seq_file.c, mangle_path] What a file that NFS renamed was called is not known.
 */
export function possiblePaths(name: string): string[] {
  if (!name.endsWith(DELETED)) return []
  const plain = name.slice(0, -DELETED.length)
  return [...new Set([plain, name].flatMap((path) => [path, path.replaceAll('\\012', '\n')]))]
}
