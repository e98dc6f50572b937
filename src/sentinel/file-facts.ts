import { errorCode, errorText, SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'

/** stat(2) of a file, links followed. */
export interface FileFacts {
  /** decimal numbers, as strings: they are only compared, and inodes have 64 bits */
  device: string
  inode: string
  owner: string
  /** its names; none for a file that is deleted */
  links: number
  /** its permissions */
  mode: number
}

/** Path → its facts, or why they are unknown. A path that leads nowhere is absent. */
export type FactsByPath = Map<string, FileFacts | SentinelError>

/** How long one path may take, if several together took too long. In ms. */
const EACH_MS = 500

/** The arguments of one program are limited to 2 MiB in all, and a path to 4 KiB. [execve(2)] */
const BATCH = 400

/**
 * Reads the facts of each path. Paths that take too long together are asked for one by one.
 *
 * @param answersAtOnce whether a path is on the file system that the host itself runs from. The others
 * are asked for through stat(1), which can be killed: a path below /opt may be on a server that is
 * away, and a process may map a file of a FUSE server that never answers
 * @throws SentinelError if stat(1) cannot be run
 */
export async function readFacts(
  host: Host,
  paths: Iterable<string>,
  answersAtOnce: (path: string) => boolean,
  deadline: Deadline,
): Promise<FactsByPath> {
  const facts: FactsByPath = new Map()
  const others: string[] = []
  for (const path of new Set(paths)) {
    if (answersAtOnce(path)) askNow(host, path, facts)
    else others.push(path)
  }
  /** Asks for some of them within half of the time left; false if that was too short. */
  const askWithin = async (batch: string[], mostMs: number) => {
    const timeoutMs = Math.min(mostMs, deadline.left() / 2)
    return timeoutMs >= 1 && (await ask(host, batch, timeoutMs, facts))
  }
  for (let start = 0; start < others.length; start += BATCH) {
    const batch = others.slice(start, start + BATCH)
    if (await askWithin(batch, Infinity)) continue
    for (const path of batch) {
      if (!(await askWithin([path], EACH_MS))) {
        facts.set(path, new SentinelError(`${path} gives no answer: is a server away?`))
      }
    }
  }
  return facts
}

const NOWHERE = ['ENOENT', 'ENOTDIR', 'ESRCH', 'ENAMETOOLONG']

function askNow(host: Host, path: string, facts: FactsByPath): void {
  try {
    const { dev, ino, uid, nlink, mode } = host.statExactly(path)
    const numbers = { device: String(dev), inode: String(ino), owner: String(uid) }
    facts.set(path, { ...numbers, links: Number(nlink), mode: Number(mode) & 0o7777 })
  } catch (error) {
    if (!NOWHERE.includes(errorCode(error) ?? '')) {
      facts.set(path, new SentinelError(errorText(error)))
    }
  }
}

/** Of each file: name, device, inode, owner, links and mode. */
const FIELDS = 6

/** The same codes as stat(1) prints them. */
const NOWHERE_SAID =
  /^(No such file or directory|Not a directory|No such process|File name too long)$/

/** @returns false if it took too long */
async function ask(
  host: Host,
  paths: string[],
  timeoutMs: number,
  facts: FactsByPath,
): Promise<boolean> {
  const files = paths.map((path) => host.path(path))
  const args = ['--dereference', '--printf', '%n\\0%d\\0%i\\0%u\\0%h\\0%a\\0', '--', ...files]
  const ended = await awaitProgram('/usr/bin/stat', args, { timeoutMs })
  if (ended.timedOut) return false
  const fields = ended.stdout.toString().split('\0')
  for (let i = 0; i + FIELDS < fields.length; i += FIELDS) {
    const [name = '', device = '', inode = '', owner = '', links, mode = ''] = fields.slice(i)
    const path = name.slice(host.root.length)
    facts.set(path, { device, inode, owner, links: Number(links), mode: Number.parseInt(mode, 8) })
  }
  const missing = paths.filter((path) => !facts.has(path))
  const reasons = ended.stderr.split('\n').filter((line) => line !== '')
  if (missing.length !== reasons.length) {
    throw new SentinelError('stat did not answer for every path')
  }
  // Its errors come in the order of its arguments.
  missing.forEach((path, index) => {
    const reason = /: ([^:]*)$/.exec(reasons[index] ?? '')?.[1] ?? ''
    if (!NOWHERE_SAID.test(reason)) facts.set(path, new SentinelError(`${path}: ${reason}`))
  })
  return true
}
