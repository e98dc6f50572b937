import { dirname } from 'node:path'
import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { HostProcesses } from '../proc/host-processes.ts'
import type { DeletedFile } from '../proc/maps.ts'
import { withAncestors } from '../proc/mountinfo.ts'
import { Namespaces } from '../proc/namespaces.ts'
import { unlessGone, type Process } from '../proc/process.ts'
import { readFacts, type FactsByPath, type FileFacts } from './file-facts.ts'
import type { Finding } from './finding.ts'

/** A deleted file that a process runs, and what it comes to if nothing speaks against it. */
export interface Candidate {
  file: DeletedFile
  /** the paths its name can stand for */
  paths: string[]
  process: Process
  finding: Finding
}

/** What a look at a candidate's file gave. It is stale code where there is neither `why` nor `problem`. */
export interface FileJudgement {
  candidate: Candidate
  /** why it does not count */
  why?: string
  /** the error because of which it cannot be told */
  problem?: unknown
}

/** What a judgement of one group of processes rests on. */
interface FileLook {
  namespaces: Namespaces
  /** whether the processes' links lead to the files: below a --root they need not be live */
  live: boolean
  /** whether only root can have made these processes what they are */
  trusted: boolean
  facts: FactsByPath
}

/**
 * Looks at the files that processes run. A file counts if the kernel says that it is root's alone, and
 * if its path means the same to the process as to the host. In a process that any user can make, the
 * file must also be on the file system of the host's directory (which on an overlay it need not be), and
 * have no name left: a bind mount gives a file that is still there any name.
 *
 * Users' processes come last, so that their files take no time from the others.
 *
 * @returns one judgement for each candidate, but for those whose process has let go of the file
 */
export async function judgeFiles(
  host: Host,
  processes: HostProcesses,
  candidates: readonly Candidate[],
  deadline: Deadline,
): Promise<FileJudgement[]> {
  const namespaces = new Namespaces(host, [...candidates.flatMap(({ paths }) => paths), '/usr'])
  const live = isLive(host)
  const judgements: FileJudgement[] = []
  for (const trusted of [true, false]) {
    const group = candidates.filter(({ file }) => processes.mayBlock(file.pid) === trusted)
    const facts = await lookAt(host, { namespaces, live, trusted }, group, deadline)
    const look = { namespaces, live, trusted, facts }
    for (const candidate of group) {
      try {
        if (deadline.left() === 0) throw new SentinelError('out of time')
        const why = unlessGone(host, candidate.file.pid, () => whyNot(candidate, look))
        if (why !== undefined) judgements.push({ candidate, ...(why !== COUNTS && { why }) })
      } catch (problem) {
        judgements.push({ candidate, problem })
      }
    }
  }
  return judgements
}

/** What the kernel says of the files, of what their paths lead to now, and of the directories above. */
function lookAt(
  host: Host,
  { namespaces, live, trusted }: Omit<FileLook, 'facts'>,
  candidates: readonly Candidate[],
  deadline: Deadline,
): Promise<FactsByPath> {
  const files = live ? candidates.map(({ file }) => file) : []
  const links = new Map(files.map((file) => [linkOf(file), file]))
  const paths = candidates.flatMap((candidate) => candidate.paths.flatMap(withAncestors))
  // A link may lead to a server that is away.
  const linked = new Map<string, boolean>()
  const hasLink = (path: string): boolean => {
    const isLinked =
      linked.get(path) ??
      ((path !== '/' && hasLink(dirname(path))) || host.lstat(path)?.isSymbolicLink() === true)
    linked.set(path, isLinked)
    return isLinked
  }
  const answersAtOnce = (path: string) => {
    const file = links.get(path)
    if (file === undefined) return namespaces.isSystems(path) && !hasLink(path)
    // A user's process may map another file in its place meanwhile.
    return trusted && namespaces.isSystems(path, file.device ?? '')
  }
  return readFacts(host, [...links.keys(), ...paths], answersAtOnce, deadline)
}

const COUNTS = ''

/**
 * Why a file does not count, or COUNTS; undefined where the process has let go of it.
 *
 * @throws SentinelError, or the system error, where that cannot be told
 */
function whyNot(
  { file, paths, finding }: Candidate,
  { namespaces, live, trusted, facts }: FileLook,
): string | undefined {
  const { path = '' } = finding
  let { inode } = file
  if (live) {
    const mapped = known(facts, linkOf(file))
    if (mapped === undefined) return undefined
    if (mapped.owner !== '0' || (mapped.mode & 0o022) !== 0) {
      return 'the file is not root’s alone, as a packaged one is'
    }
    if (!trusted) {
      const directory =
        withAncestors(path).find((above) => above !== path && facts.has(above)) ?? '/'
      if (mapped.device !== known(facts, directory)?.device) {
        return `the file is on another file system than the host’s ${directory}`
      }
      if (mapped.links !== 0) return 'the file still has a name'
    }
    inode = mapped.inode
  }
  if (!namespaces.meansTheSame(file.pid, path))
    return 'a file of the process’s own, not of the host’s'
  if (file.name.includes('\uFFFD')) {
    throw new SentinelError(`a name that is not UTF-8: ${finding.message}`)
  }
  const there = paths.some((one) => inode !== undefined && known(facts, one)?.inode === inode)
  return there ? 'the path still leads to this file' : COUNTS
}

function known(facts: FactsByPath, path: string): FileFacts | undefined {
  const found = facts.get(path)
  if (found instanceof SentinelError) throw found
  return found
}

function isLive(host: Host): boolean {
  return host.root === '' || host.lstat('/proc/1/map_files') !== undefined
}

function linkOf({ pid, link }: DeletedFile): string {
  return `/proc/${pid}/${link}`
}
