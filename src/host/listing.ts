import { awaitProgram, complaint, type Limits } from './program.ts'

/** An entry of a directory that others write to. */
export interface ListedEntry {
  /** as find(1) prints it: f, d, l, p, … */
  type: string
  /** in bytes */
  size: number
  /** ms since 1970, by the clock of the file system's server */
  time: number
  /** below the directory: "a", "a/b" */
  path: string
}

export interface Listing {
  entries: ListedEntry[]
  /** the server's time, told by a file that was made for it; undefined where none could be made */
  now: number | undefined
}

/**
 * Lists what find(1) finds, and has a new file tell the server's time. No link is followed, and the
 * name of the directory is the last that is looked up.
 */
const LIST = `
cd -P -- "$1" || exit 1
format=$2
shift 2
clock=$(/usr/bin/mktemp ./.clock.XXXXXXXXXX 2>/dev/null) || clock=
/usr/bin/find . -mindepth 1 "$@" -printf "$format"
code=$?
[ -z "$clock" ] || /usr/bin/rm -f -- "$clock"
printf 'clock %s' "\${clock#./}"
exit $code`

/**
 * Lists a directory that may be on a server that is gone, through a program that can be left behind.
 *
 * @param path of this machine
 * @param tests for find(1)
 * @param time changed: of the content, which its writer may have set. arrived: of the entry itself,
 *   which only the server sets [stat(2), st_ctime]
 */
export async function askListing(
  path: string,
  { tests, time }: { tests: readonly string[]; time: 'changed' | 'arrived' },
  limits: Limits,
): Promise<Listing | { problem: string }> {
  const format = `%y %s %${time === 'changed' ? 'T' : 'C'}@ %P\\0`
  const args = ['-c', LIST, 'list', path, format, ...tests]
  const ended = await awaitProgram('/usr/bin/sh', args, limits)
  if (ended.exitCode !== 0) return { problem: `${path} cannot be listed: ${complaint(ended)}` }
  return parseListing(ended.stdout.toString())
}

function parseListing(said: string): Listing {
  const lines = said.split('\0')
  const clock = /^clock (.+)$/.exec(lines.pop() ?? '')?.[1]
  const entries = lines.flatMap((line) => {
    const [, type, size, seconds, path] = /^(\S) (\d+) (-?[\d.]+) (.+)$/s.exec(line) ?? []
    if (type === undefined || path === undefined) return []
    return [{ type, size: Number(size), time: Number(seconds) * 1000, path }]
  })
  return { entries, now: entries.find(({ path }) => path === clock)?.time }
}
